import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { inputUseOf } from '../../../../src/workshop/build/input-use.ts';
import type { FoundUse } from '../../../../src/workshop/build/input-use.ts';
import type { Opa } from '../../../../src/workshop/opa/find.ts';
import { openProject, projectOf } from '../../../../src/workshop/project/open.ts';
import { opa, withOpa } from '../../../helpers/policies.ts';

function useOf(t: ExecutionContext, ...modules: readonly string[]): FoundUse | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [index, text] of modules.entries()) {
    writeFileSync(join(folder, `${index}.rego`), `package portreeve\n\nimport rego.v1\n\n${text}\n`);
  }
  const project = projectOf(join(folder, 'policy.yaml'), { version: 1, modules: ['.'] });
  return inputUseOf(opa.opa as Opa, project);
}

function keysOf(t: ExecutionContext, ...modules: readonly string[]): readonly string[] | undefined {
  return useOf(t, ...modules)?.keys;
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
  const use = inputUseOf(opa.opa as Opa, openProject('rego'));
  t.true(use?.keys.includes('credential_valid'));
  t.false(use?.keys.includes('now_s'));
  t.deepEqual(use?.only, {
    certificate_serial: 'told',
    claimed_device_id: 'told',
    claimed_serial: 'told',
    device_id: 'null',
    gateway: 'null',
  });
});

withOpa('a key that rules only name counts as such, and one that they compare with null', (t) => {
  const use = useOf(
    t,
    'a contains {"code": "custom.a", "detail": {"id": {"input": "device_id"}, "gw": {"input": "gateway"}}} if input.gateway != null',
    'b if null == input.sni',
  );
  t.deepEqual(use, {
    keys: ['device_id', 'gateway', 'sni'],
    only: { device_id: 'told', gateway: 'null', sni: 'null' },
  });
});

for (const [how, ...modules] of [
  ['a rule of that name', 'neq(x, _) if startswith(x, "MTR-")'],
  ['an import of that name', 'import data.lib.neq'],
  ['an alias', 'import data.fns.f as equal'],
  ['`with`', 'evil(x, _) if x\nhas if input.device_id != null\nallow if has with neq as evil'],
] as const) {
  withOpa(`a comparison that may be another one says nothing of what is read: ${how}`, (t) => {
    const use = useOf(t, 'a contains {"id": {"input": "sni"}} if input.device_id != null', ...modules);
    t.deepEqual(use, { keys: ['device_id', 'sni'], only: { sni: 'told' } });
  });
}

withOpa(
  'a key that the input does not have is never one that is only asked for null, nor one that is told',
  (t) => {
    const use = useOf(
      t,
      'a if input.operator_aproval != null',
      'units := {"input": "volts"}',
      'f(x) := {"input": x}',
    );
    t.deepEqual(use, { keys: ['operator_aproval'], only: {} });
  },
);

withOpa('what the compiler finds among the data is looked at too, hidden files and tests as well', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'rego'));
  mkdirSync(join(folder, 'data/.hidden'), { recursive: true });
  writeFileSync(join(folder, 'rego/a.rego'), 'package a\n\nimport rego.v1\n\na if input.device_id != null\n');
  const helper = (name: string, key: string): void =>
    writeFileSync(join(folder, 'data', name), `package b\n\nimport rego.v1\n\nb if input.${key} > ""\n`);
  helper('.b.rego', 'device_id');
  helper('b_test.rego', 'gateway');
  helper('.hidden/b.rego', 'sni');
  const project = projectOf(join(folder, 'policy.yaml'), { version: 1 });
  t.deepEqual(inputUseOf(opa.opa as Opa, project), { keys: ['device_id', 'gateway', 'sni'], only: {} });
});

for (const rule of [
  'b if input.device_id == "MTR-0001"',
  'b := input.device_id',
  'b := {"input": input.device_id}',
  'b if data.x[input.device_id] != null',
  'b if input.device_id.x == null',
  'b if input.device_id',
  'b if not input.device_id',
  'b if input.device_id == c\nc := null',
  'b if x := input.device_id == null\nc if input.device_id > ""',
  'b if count([1 | input.device_id[0] == null]) == 0',
]) {
  withOpa(`a key that a rule reads in any other way is read, whatever else is done with it: ${rule}`, (t) => {
    const named = 'a := {"device_id": {"input": "device_id"}} if input.device_id != null';
    t.deepEqual(useOf(t, named, rule), { keys: ['device_id'], only: {} });
  });
}

for (const rule of [
  'a := input',
  'a if { some k; input[k] == 1 }',
  'a if input[data.key]',
  'a if some k, v in input',
  'a if walk(input, [["now_s"], _])',
  'a := object.get(input, "now_s", 0)',
  'a if data.b with input as {"door": "native"}',
  'a if input.door == null with input as {"door": "native"}',
  'a if input.door == null with data.b as input',
  'a := json.filter(input, ["now_s"])',
]) {
  withOpa(`a rule that may read any key of the input leaves none out: ${rule}`, (t) => {
    t.is(keysOf(t, 'b if input.door', rule), undefined);
  });
}
