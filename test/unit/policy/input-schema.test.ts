import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import test from 'ava';
import type { InputSchema } from '../../../scripts/policy-input-type.ts';
import { opa, withOpa } from '../../helpers/policies.ts';
import { goodInput } from '../../helpers/policy-input.ts';

const rego = join(import.meta.dirname, '../../../rego');
const schemaFile = join(rego, 'schema/input.json');

const schema = JSON.parse(readFileSync(schemaFile, 'utf8')) as InputSchema & { readonly required: string[] };
const validate = new Ajv({ strict: true, allErrors: true })
  .addVocabulary(['x-unit', 'x-absent', 'x-group', 'x-groups', 'x-type'])
  .compile(schema);

function check(opa: string, ...paths: readonly string[]) {
  const flags = ['--strict', '--schema', join(rego, 'schema')];
  const capabilities = ['--capabilities', join(rego, 'capabilities.json')];
  return spawnSync(opa, ['check', ...flags, ...capabilities, ...paths], { encoding: 'utf8' });
}

test('the schema has exactly the keys of the policy input, all of them required', (t) => {
  // goodInput is a PolicyInput: the compiler has seen to it that it has every key and no other.
  const keys = Object.keys(goodInput).sort();
  t.deepEqual(Object.keys(schema.properties).sort(), keys);
  t.deepEqual([...schema.required].sort(), keys);
});

test('every field says what it means, in which unit or form, and what it is where there is nothing', (t) => {
  for (const [name, field] of Object.entries(schema.properties)) {
    t.regex(field.description, /^\S.{10,}[.]$/, name);
    const allowsNull = JSON.stringify(field.anyOf ?? '').includes('"null"');
    t.is(/^null (where|for|without) /.test(field['x-absent']), allowsNull, `${name}: ${field['x-absent']}`);
    t.is(/^empty /.test(field['x-absent']), field.type === 'array' || name === 'custom', name);
    if (/_s$/.test(name)) t.regex(field['x-unit'] ?? '', /^(Unix )?seconds/, name);
    t.true(Object.hasOwn(schema['x-groups'], field['x-group']), name);
  }
});

test('no part of the documentation is empty', (t) => {
  const used = new Set(Object.values(schema.properties).map((field) => field['x-group']));
  t.deepEqual([...used], Object.keys(schema['x-groups']));
});

test('a sample of the input is valid', (t) => {
  t.true(validate(goodInput), JSON.stringify(validate.errors));
});

test('a key more, a key less and a value of another kind are not', (t) => {
  t.false(validate({ ...goodInput, headers: {} }));
  t.false(validate({ ...goodInput, sni: undefined }));
  t.false(validate({ ...goodInput, input_version: 2 }));
  t.false(validate({ ...goodInput, now_s: 'today' }));
  t.false(validate({ ...goodInput, binding: null }));
  t.false(validate({ ...goodInput, custom: { line: '7' } }));
});

withOpa("the samples of the policy's own tests are valid input too", (t) => {
  const query =
    '{"device": data.portreeve.sample_test.device, "child": data.portreeve.sample_test.child, "nobody": data.portreeve.sample_test.nobody}';
  const result = spawnSync(opa.path, ['eval', '--format', 'raw', '--data', join(rego, 'portreeve'), query], {
    encoding: 'utf8',
  });
  t.is(result.status, 0, result.stderr);
  const samples = JSON.parse(result.stdout) as Record<string, unknown>;
  t.deepEqual(Object.keys(samples).sort(), ['child', 'device', 'nobody']);
  for (const [name, sample] of Object.entries(samples))
    t.true(validate(sample), `${name}: ${JSON.stringify(validate.errors)}`);
});

withOpa('the default policy passes the strict check against the schema', (t) => {
  const { status, stderr } = check(opa.path, join(rego, 'portreeve'));
  t.is(status, 0, stderr);
});

withOpa('annotations give every rule of the default policy the types of the input', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-schema-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'new.rego'), 'package portreeve.new\n\nreasons if input.devise_id\n');
  const { stderr } = check(opa.path, join(rego, 'portreeve'), folder);
  t.regex(stderr, /1 error occurred: .*new\.rego:3: rego_type_error: undefined ref: input\.devise_id/);
});

withOpa('a policy that misspells a key, or compares one with another kind, does not pass it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-schema-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const mistake of [
    'input.devise_id == "a"',
    'input.credential_valid == "yes"',
    'input.binding == null',
  ]) {
    const file = join(folder, 'mistake.rego');
    writeFileSync(
      file,
      `# METADATA\n# schemas:\n#   - input: schema.input\npackage portreeve\n\ndecision if ${mistake}\n`,
    );
    t.not(check(opa.path, file).status, 0, mistake);
  }
});
