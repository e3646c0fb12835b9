import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { loadSync } from '@grpc/proto-loader';
import test from 'ava';
import { parseExactJson } from '../../../src/lib/exact-json.ts';
import { httpStatuses } from '../../../src/policy/compat/http-statuses.ts';
import { readResponse } from '../../../src/policy/compat/read-response.ts';
import { readCompatVerdict } from '../../../src/policy/compat/verdict.ts';
import { goodInput } from '../../helpers/policy-input.ts';

test('a bare yes or no is only that', (t) => {
  t.deepEqual(readResponse(true), { allow: true, response: { shape: 'boolean' } });
  t.deepEqual(readResponse(false), { allow: false, response: { shape: 'boolean' } });
});

test('headers come in each of the three shapes, told lower-case and by name', (t) => {
  for (const headers of [{ 'X-B': ['2', '3'], 'x-a': '1' }, [{ 'x-a': '1' }, { 'x-b': ['2', '3'] }]]) {
    t.deepEqual(readResponse({ allowed: true, headers }).response.headers, [
      { name: 'x-a', value: '1' },
      { name: 'x-b', value: '2' },
      { name: 'x-b', value: '3' },
    ]);
  }
  t.deepEqual(readResponse({ allowed: true, headers: [] }).response.headers, []);
});

test('only what belongs to the outcome is looked at', (t) => {
  const odd = { body: 1, http_status: 'x' };
  t.deepEqual(readResponse({ allowed: true, ...odd }).response, { shape: 'object' });
  const others = { request_headers_to_remove: 'foo', query_parameters_to_set: 1, unheard_of: true };
  t.deepEqual(readResponse({ allowed: false, ...others }).response, { shape: 'object' });
});

test('pseudo-headers and host are not removed, as no proxy would remove them', (t) => {
  const names = [':path', 'Host', 'X-Crew'];
  t.deepEqual(
    readResponse({ allowed: true, request_headers_to_remove: names }).response.request_headers_to_remove,
    ['x-crew'],
  );
});

test('metadata are plain JSON with doubles', (t) => {
  const said = parseExactJson(
    '{"allowed":true,"dynamic_metadata":{"n":9007199254740993,"l":[1,null],"o":{"b":true}}}',
  );
  t.deepEqual(readResponse(said).response.dynamic_metadata, {
    n: 9_007_199_254_740_992,
    l: [1, null],
    o: { b: true },
  });
});

const line = 'a\r\nset-cookie: b';
for (const [title, result] of [
  ['a number', 1],
  ['a text', 'yes'],
  ['null', null],
  ['a list', [true]],
  ['a number that is not rounded', parseExactJson('9007199254740993')],
  ['an object without allowed', {}],
  ['allowed that is no yes or no', { allowed: 'true' }],
  ['headers that are a text', { allowed: true, headers: 'x' }],
  ['a header that is a number', { allowed: true, headers: { a: 1 } }],
  ['a header in a list of lists', { allowed: true, headers: { a: [['b']] } }],
  ['a line end in a header', { allowed: true, headers: { 'x-a': line } }],
  ['a NUL in a header', { allowed: false, headers: { 'x-a': '\u0000' } }],
  ['a line end in a header’s name', { allowed: true, headers: { 'x-a\r\nb': 'c' } }],
  ['a pseudo-header', { allowed: true, headers: { ':path': '/admin' } }],
  ['a space in a header’s name', { allowed: true, headers: { 'transfer-encoding ': 'chunked' } }],
  ['framing', { allowed: true, headers: { 'Transfer-Encoding': 'chunked' } }],
  ['a length', { allowed: false, headers: { 'content-length': '0' } }],
  ['the host', { allowed: true, headers: { host: 'other' } }],
  ['one of our headers', { allowed: true, headers: { 'X-Portreeve-Device': 'admin' } }],
  ['one of our headers, in the answer', { allowed: true, response_headers_to_add: { 'x-portreeve-a': 'b' } }],
  ['a line end in an added header', { allowed: true, response_headers_to_add: { 'x-a': line } }],
  ['one of our headers, removed', { allowed: true, request_headers_to_remove: ['x-portreeve-device'] }],
  ['framing, removed', { allowed: true, request_headers_to_remove: ['content-length'] }],
  ['a name to remove that is no text', { allowed: true, request_headers_to_remove: [1] }],
  ['names to remove that are no list', { allowed: true, request_headers_to_remove: 'foo' }],
  [
    'too many headers',
    { allowed: true, headers: Object.fromEntries([...Array(65).keys()].map((n) => [`x-${n}`, ''])) },
  ],
  ['a header that is too long', { allowed: true, headers: { a: 'x'.repeat(8193) } }],
  ['a body that is no text', { allowed: false, body: {} }],
  ['a body that is too long', { allowed: false, body: 'x'.repeat(65_537) }],
  ['a status that is no number', { allowed: false, http_status: '403' }],
  ['a status of 0', { allowed: false, http_status: 0 }],
  ['a status that Envoy does not have', { allowed: false, http_status: 451 }],
  ['a status with a fraction', { allowed: false, http_status: 403.5 }],
  ['metadata that are no object', { allowed: true, dynamic_metadata: ['foo'] }],
  ['metadata without end', { allowed: true, dynamic_metadata: nested(20) }],
  ['a number beyond doubles in metadata', parseExactJson('{"allowed":true,"dynamic_metadata":{"n":1e999}}')],
  ['parameters that are no object', { allowed: true, query_parameters_to_set: [] }],
  ['a parameter that is a number', { allowed: true, query_parameters_to_set: { a: 1 } }],
  ['a parameter without a name', { allowed: true, query_parameters_to_set: { '': 'a' } }],
  ['a line end in a parameter', { allowed: true, query_parameters_to_set: { a: ['b', line] } }],
  ['a line end in a parameter’s name', { allowed: true, query_parameters_to_set: { [line]: 'b' } }],
  ['parameters to remove that are no list', { allowed: true, query_parameters_to_remove: {} }],
] as const) {
  test(`a result that cannot be used: ${title}`, (t) => {
    t.throws(() => readResponse(result), { code: 'PDP_POLICY_TRAP', message: /cannot be used/ });
  });
}

function nested(depth: number): object {
  return depth === 0 ? {} : { a: nested(depth - 1) };
}

test('statuses are those that Envoy names, without 0', (t) => {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('@grpc/grpc-js-xds/package.json')),
    'deps',
  );
  const upstream = loadSync('envoy/type/v3/http_status.proto', {
    includeDirs: ['envoy-api', 'xds', 'protoc-gen-validate'].map((name) => join(folder, name)),
  })['envoy.type.v3.StatusCode'] as unknown as {
    readonly type: { readonly value: readonly { number: number }[] };
  };
  const numbers = upstream.type.value.map(({ number }) => number).filter((number) => number !== 0);
  t.deepEqual(
    [...httpStatuses].sort((a, b) => a - b),
    numbers.sort((a, b) => a - b),
  );
});

test('nothing, or more than one answer, is no verdict', (t) => {
  t.throws(() => readCompatVerdict([], goodInput), { code: 'PDP_POLICY_UNDEFINED' });
  t.throws(() => readCompatVerdict([{ result: true }, { result: true }], goodInput), {
    code: 'PDP_POLICY_TRAP',
  });
  t.throws(() => readCompatVerdict(null, goodInput), { code: 'PDP_POLICY_TRAP' });
});

test('a yes to a connection that showed nothing is a no, unless that is named', (t) => {
  const nobody = { ...goodInput, credential_presented: false, authenticated_by: 'none' } as const;
  const verdict = readCompatVerdict([{ result: true }], { ...nobody, credential_optional: false });
  t.false(verdict.allow);
  t.deepEqual(verdict.reasons, [{ code: 'identity.no_credential', detail: { authenticated_by: 'none' } }]);
  t.true(readCompatVerdict([{ result: true }], { ...nobody, credential_optional: true }).allow);
  t.deepEqual(readCompatVerdict([{ result: false }], { ...nobody, credential_optional: false }).reasons, []);
});
