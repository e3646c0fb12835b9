import { isRawNumber } from '../../lib/exact-json.ts';
import { isObject } from '../is-object.ts';
import { readHeaderName, readHeaders } from './read-headers.ts';
import { httpStatuses } from './http-statuses.ts';
import type { MetadataValue, NamedValue, PolicyResponse } from './types.ts';
import { checkedLine, checkedText, entriesByName, most, wrong } from './checks.ts';

/** What a result of opa-envoy-plugin's shapes says. */
export interface CompatResult {
  readonly allow: boolean;
  readonly response: PolicyResponse;
}

/**
 * Reads the value of a rule as opa-envoy-plugin reads it: true, false, or an object with `allowed`. As there, only what
 * belongs to the outcome is looked at, and other members are passed over. Throws PDP_POLICY_TRAP where the plugin fails
 * the call for a wrong type, and for what no proxy should be sent.
 */
export function readResponse(result: unknown): CompatResult {
  if (typeof result === 'boolean') return { allow: result, response: { shape: 'boolean' } };
  if (!isObject(result) || isRawNumber(result)) throw wrong('the result', 'true, false or an object');
  const { allowed } = result;
  if (typeof allowed !== 'boolean') throw wrong('allowed', 'true or false');
  return { allow: allowed, response: allowed ? ofAllow(result) : ofDenial(result) };
}

type Result = Readonly<Record<string, unknown>>;

function ofAllow(result: Result): PolicyResponse {
  return {
    ...part(result, 'dynamic_metadata', readMetadata),
    ...part(result, 'headers', readHeaders),
    ...part(result, 'query_parameters_to_remove', readNames),
    ...part(result, 'query_parameters_to_set', readParameters),
    ...part(result, 'request_headers_to_remove', readRemoved),
    ...part(result, 'response_headers_to_add', readHeaders),
    shape: 'object',
  };
}

function ofDenial(result: Result): PolicyResponse {
  return {
    ...part(result, 'body', (body, where) => checkedText(body, where, most.body)),
    ...part(result, 'dynamic_metadata', readMetadata),
    ...part(result, 'headers', readHeaders),
    ...part(result, 'http_status', readStatus),
    shape: 'object',
  };
}

/** An object with one key, or none where the policy left it out. */
function part<Key extends string, Value>(
  result: Result,
  key: Key,
  read: (value: unknown, where: string) => Value,
): Partial<Record<Key, Value>> {
  if (!Object.hasOwn(result, key)) return {};
  return { [key]: read(result[key], key) } as Record<Key, Value>;
}

function readStatus(value: unknown, where: string): number {
  if (typeof value === 'number' && httpStatuses.has(value)) return value;
  throw wrong(where, 'a number that Envoy has as an HTTP status');
}

function readNames(value: unknown, where: string): readonly string[] {
  if (!Array.isArray(value) || value.length > most.entries)
    throw wrong(where, `a list of at most ${most.entries}`);
  return value.map((name) => checkedText(name, `a name in ${where}`, most.text));
}

/** Names that no proxy would remove (pseudo-headers and `host`) are passed over there, and here. */
function readRemoved(value: unknown, where: string): readonly string[] {
  const names = readNames(value, where).map((name) => name.toLowerCase());
  return names
    .filter((name) => !name.startsWith(':') && name !== 'host')
    .map((name) => readHeaderName(name, where));
}

function readParameters(value: unknown, where: string): readonly NamedValue[] {
  if (!isObject(value)) throw wrong(where, 'an object');
  const parameters = entriesByName(value).flatMap(([name, given]) => {
    if (name === '') throw wrong(`a name in ${where}`, 'a text of at least one character');
    const values: readonly unknown[] = Array.isArray(given) ? given : [given];
    // Proxies write them into the path as they are.
    return values.map((one) => ({
      name: checkedLine(name, `a name in ${where}`, most.text),
      value: checkedLine(one, `${where} ${JSON.stringify(name)}`, most.text),
    }));
  });
  if (parameters.length > most.entries) throw wrong(where, `at most ${most.entries}`);
  return parameters;
}

function readMetadata(value: unknown, where: string): Readonly<Record<string, MetadataValue>> {
  if (!isObject(value)) throw wrong(where, 'an object');
  const read = readValue(value, where, { depth: 0, seen: { values: 0 } });
  return read as Readonly<Record<string, MetadataValue>>;
}

function readValue(
  value: unknown,
  where: string,
  at: { readonly depth: number; readonly seen: { values: number } },
): MetadataValue {
  const below = { depth: at.depth + 1, seen: at.seen };
  at.seen.values += 1;
  if (at.depth > most.depth || at.seen.values > most.values) {
    throw wrong(where, `at most ${most.values} values in ${most.depth} levels`);
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'string') return checkedText(value, where, most.body);
  if (isRawNumber(value)) return double(value.rawJSON, where);
  if (Array.isArray(value)) return value.map((one) => readValue(one, where, below));
  if (!isObject(value)) throw wrong(where, 'JSON');
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, readValue(one, where, below)]));
}

/** Metadata are doubles to proxies, and rounded by the plugin as well. */
function double(text: string, where: string): number {
  const near = Number(text);
  if (!Number.isFinite(near)) throw wrong(where, 'a number that a double can hold');
  return near;
}
