import test from 'ava';
import type { PolicyResponse } from '../../../../src/policy/compat/types.ts';
import { responseDifferences } from '../../../../src/workshop/cases/response.ts';
import type { ExpectedResponse } from '../../../../src/workshop/cases/response.ts';

const answered: PolicyResponse = {
  ...{ shape: 'object', http_status: 401, body: 'no', dynamic_metadata: { a: { b: 1 } } },
  headers: [
    { name: 'x-role', value: 'reader' },
    { name: 'x-seen', value: '1' },
    { name: 'x-seen', value: '2' },
  ],
  request_headers_to_remove: ['x-two', 'x-one'],
};

const what = (expected: ExpectedResponse, got: PolicyResponse | undefined = answered): readonly string[] =>
  responseDifferences(expected, got).map((one) => one.what);

test('of the answer of a policy what is named has to come, and all of it', (t) => {
  t.deepEqual(
    what({
      ...{ http_status: 401, body: 'no', dynamic_metadata: { a: { b: 1 } } },
      headers: { 'X-Role': 'reader', 'x-seen': ['1', '2'] },
      request_headers_to_remove: ['x-one', 'x-two'],
      ...{ response_headers_to_add: {}, query_parameters_to_set: {}, query_parameters_to_remove: [] },
    }),
    [],
  );
  t.deepEqual(what({}), []);
});

const wrong: Readonly<Record<string, ExpectedResponse>> = {
  http_status: { http_status: 403 },
  body: { body: null },
  headers: { headers: { 'x-role': 'reader' } },
  'headers ': { headers: { 'x-role': 'reader', 'x-seen': ['2', '1'] } },
  response_headers_to_add: { response_headers_to_add: { 'x-a': 'b' } },
  request_headers_to_remove: { request_headers_to_remove: ['x-one'] },
  query_parameters_to_set: { query_parameters_to_set: { a: 'b' } },
  query_parameters_to_remove: { query_parameters_to_remove: ['a'] },
  dynamic_metadata: { dynamic_metadata: { a: { b: 2 } } },
};

for (const [name, expected] of Object.entries(wrong)) {
  test(`another ${name} than is expected is a difference: ${JSON.stringify(expected)}`, (t) => {
    t.deepEqual(what(expected), [`response.${name.trim()}`]);
  });
}

test('a policy that answers yes or no alone has none of it', (t) => {
  t.deepEqual(what({ http_status: null, body: null, headers: {} }, { shape: 'boolean' }), []);
  t.deepEqual(what({ http_status: 401 }, { shape: 'boolean' }), ['response.http_status']);
  t.deepEqual(
    responseDifferences({ http_status: 401 }, undefined).map((one) => one.got),
    [null],
  );
});
