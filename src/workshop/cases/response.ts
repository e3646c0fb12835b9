import { canonicalJson } from '../../lib/canonical-json.ts';
import type { NamedValue, PolicyResponse } from '../../policy/compat/types.ts';
import type { CaseDifference } from './types.ts';
import type { Words } from './words.ts';

/** Values by name; several of one name as a list. */
type Named = Readonly<Record<string, string | readonly string[]>>;

/** What a policy for opa-envoy-plugin is expected to answer beside yes or no. Of what is absent nothing is expected. */
export interface ExpectedResponse {
  /** Null: none; so has the body. */
  readonly http_status?: number | null;
  readonly body?: string | null;
  readonly headers?: Named;
  readonly response_headers_to_add?: Named;
  readonly request_headers_to_remove?: readonly string[];
  readonly query_parameters_to_set?: Named;
  readonly query_parameters_to_remove?: readonly string[];
  readonly dynamic_metadata?: Words;
}

/** What of a policy's answer did not come as it is expected; a policy that gave none has none of it. */
export function responseDifferences(
  expected: ExpectedResponse,
  got: PolicyResponse = { shape: 'boolean' },
): readonly CaseDifference[] {
  const differences: CaseDifference[] = [];
  const compare = (name: keyof ExpectedResponse, wanted: unknown, came: unknown): void => {
    if (expected[name] === undefined || canonicalJson(wanted) === canonicalJson(came)) return;
    differences.push({ what: `response.${name}`, expected: wanted, got: came });
  };
  compare('http_status', expected.http_status, got.http_status ?? null);
  compare('body', expected.body, got.body ?? null);
  // Names of headers are lower-case as they come.
  for (const name of ['headers', 'response_headers_to_add'] as const)
    compare(name, byName(pairs(expected[name]), true), byName(got[name], true));
  compare(
    'request_headers_to_remove',
    lower(expected.request_headers_to_remove),
    lower(got.request_headers_to_remove),
  );
  const { query_parameters_to_set: set } = got;
  compare('query_parameters_to_set', byName(pairs(expected.query_parameters_to_set)), byName(set));
  const { query_parameters_to_remove: removed = [] } = got;
  compare('query_parameters_to_remove', expected.query_parameters_to_remove?.toSorted(), removed.toSorted());
  compare('dynamic_metadata', expected.dynamic_metadata, got.dynamic_metadata ?? {});
  return differences;
}

function pairs(named: Named = {}): readonly NamedValue[] {
  return Object.entries(named).flatMap(([name, given]) =>
    (typeof given === 'string' ? [given] : given).map((value) => ({ name, value })),
  );
}

/** One value as it is, several in their order. */
function byName(values: readonly NamedValue[] = [], caseless = false): Named {
  const groups = Map.groupBy(values, ({ name }) => (caseless ? name.toLowerCase() : name));
  return Object.fromEntries(
    [...groups].map(([name, own]) => {
      const [first, ...more] = own.map(({ value }) => value);
      return [name, first !== undefined && more.length === 0 ? first : own.map(({ value }) => value)];
    }),
  );
}

function lower(names: readonly string[] = []): readonly string[] {
  return names.map((name) => name.toLowerCase()).toSorted();
}
