import { PortreeveError } from '../lib/errors.ts';
import { isObject } from './is-object.ts';

/** Decodes strict UTF-8 JSON whose top level is an object; throws PDP_BUNDLE_INVALID naming the file. */
export function parseJsonObject(bytes: Uint8Array, name: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${name} is not JSON`, { cause });
  }
  if (!isObject(value)) throw invalidBundle(`${name} is not a JSON object`);
  return value;
}

/** The error of a bundle that is malformed. */
export function invalidBundle(problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${problem}`, { cause });
}
