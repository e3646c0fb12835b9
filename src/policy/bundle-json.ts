import { PortreeveError } from '../lib/errors.ts';
import { parseExactJson } from '../lib/exact-json.ts';
import { isObject } from './is-object.ts';

/** Decodes strict UTF-8 JSON whose top level is an object; throws PDP_BUNDLE_INVALID naming the file. */
export function parseJsonObject(bytes: Uint8Array, name: string): Record<string, unknown> {
  return parseWith(JSON.parse, bytes, name);
}

/** The same without rounding: a number that a double does not give back is a raw one (`parseExactJson`). */
export function parseExactObject(bytes: Uint8Array, name: string): Record<string, unknown> {
  return parseWith(parseExactJson, bytes, name);
}

function parseWith(
  parse: (text: string) => unknown,
  bytes: Uint8Array,
  name: string,
): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalidBundle(`${name} is not JSON`, cause);
  }
  if (!isObject(value)) throw invalidBundle(`${name} is not a JSON object`);
  return value;
}

/** The error of a bundle that is malformed. */
export function invalidBundle(problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${problem}`, { cause });
}
