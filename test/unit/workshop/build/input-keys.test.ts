import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { inputKeysOf } from '../../../../src/workshop/build/input-keys.ts';
import type { Opa } from '../../../../src/workshop/opa/find.ts';
import { openProject, projectOf } from '../../../../src/workshop/project/open.ts';
import { opa, withOpa } from '../../../helpers/policies.ts';

function keysOf(t: ExecutionContext, ...modules: readonly string[]): readonly string[] | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [index, text] of modules.entries()) {
    writeFileSync(join(folder, `${index}.rego`), `package portreeve\n\nimport rego.v1\n\n${text}\n`);
  }
  const project = projectOf(join(folder, 'policy.yaml'), { version: 1, modules: ['.'] });
  return inputKeysOf(opa.opa as Opa, project);
}

withOpa('keys are found wherever rules read them by name, over all modules', (t) => {
  const keys = keysOf(
    t,
    'a if input.door == "native"',
    `b := {x | some x in input["device_tags"]; x != data.names[input.pep]}
c := object.get(data.classes, input.custom.site.value, {}) if not input.sni
d(x) := count(x) if d(input.source_ip) > 0`,
  );
  t.deepEqual(keys, ['custom', 'device_tags', 'door', 'pep', 'sni', 'source_ip']);
});

withOpa('what annotates the type of the input reads nothing of it, for a rule as for a package', (t) => {
  const annotated = '# METADATA\n# schemas:\n#   - input: schema.input\na if input.door == "native"';
  t.deepEqual(keysOf(t, annotated), ['door']);
});

withOpa('of the default policy it is known what it reads, so that its verdicts can be remembered', (t) => {
  const keys = inputKeysOf(opa.opa as Opa, openProject('rego'));
  t.true(keys?.includes('credential_valid'));
  t.false(keys?.includes('now_s'));
});

for (const rule of [
  'a := input',
  'a if { some k; input[k] == 1 }',
  'a if input[data.key]',
  'a if some k, v in input',
  'a if walk(input, [["now_s"], _])',
  'a := object.get(input, "now_s", 0)',
  'a if data.b with input as {"door": "native"}',
  'a := json.filter(input, ["now_s"])',
]) {
  withOpa(`a rule that may read any key of the input leaves none out: ${rule}`, (t) => {
    t.is(keysOf(t, 'b if input.door', rule), undefined);
  });
}
