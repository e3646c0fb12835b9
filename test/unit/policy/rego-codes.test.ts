import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { catalogue } from '../../../src/decision/reasons.ts';
import { isReasonCode, reasonCodes } from '../../../src/lib/reason-code.ts';

const rego = join(import.meta.dirname, '../../../rego/portreeve');
const groups = [...new Set(reasonCodes.map((code) => code.split('.')[0] as string))].join('|');

function codesIn(file: string): readonly string[] {
  const text = readFileSync(join(rego, file), 'utf8');
  return [...text.matchAll(new RegExp(`"((?:${groups})\\.[a-z_]+)"`, 'g'))].map(
    (match) => match[1] as string,
  );
}

test('the policy names no reason that is not in the closed list', (t) => {
  const files = globSync('**/*.rego', { cwd: rego }).filter((file) => !file.endsWith('_test.rego'));
  const codes = files.flatMap(codesIn);
  t.true(codes.length > 20);
  t.deepEqual(
    codes.filter((code) => !isReasonCode(code)),
    [],
  );
});

test('the policy and the catalogue agree about which reasons do not deny', (t) => {
  const text = readFileSync(join(rego, 'result/result.rego'), 'utf8');
  const set = /not_denying := \{([^}]*)\}/.exec(text)?.[1] ?? '';
  const inRego = [...set.matchAll(/"([^"]+)"/g)].map((match) => match[1] as string).sort();
  const inCatalogue = reasonCodes.filter((code) => catalogue[code].severity !== 'deny').sort();
  t.deepEqual(inRego, inCatalogue);
});

test('every rule has its test beside it', (t) => {
  const rules = globSync('**/*.rego', { cwd: rego }).filter((file) => !file.endsWith('_test.rego'));
  const tests = new Set(globSync('**/*_test.rego', { cwd: rego }));
  t.deepEqual(
    rules.filter((file) => !tests.has(file.replace(/\.rego$/, '_test.rego'))),
    [],
  );
});

test('every rule is asked by the decision', (t) => {
  const decision = readFileSync(join(rego, 'decision.rego'), 'utf8');
  const rules = globSync('*/*.rego', { cwd: rego })
    .filter(
      (file) =>
        !file.endsWith('_test.rego') && /^reasons contains/m.test(readFileSync(join(rego, file), 'utf8')),
    )
    .map((file) => file.split('/')[0] as string);
  t.true(rules.length >= 9);
  t.deepEqual(
    rules.filter((rule) => !decision.includes(`in ${rule}.reasons`)),
    [],
  );
});
