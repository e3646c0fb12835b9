import { RegoNumber, RegoObject, RegoSet, isArray } from './value.ts';
import type { RegoValue } from './value.ts';

/** A built-in was given what it does not take: to the policy its result is undefined. */
export class OperandError extends Error {
  override readonly name = 'OperandError';
}

export function textAt(args: readonly RegoValue[], index: number): string {
  return asText(args[index]);
}

export function asText(value: RegoValue | undefined): string {
  if (typeof value !== 'string') throw new OperandError('not a string');
  return value;
}

export function numberAt(args: readonly RegoValue[], index: number): RegoNumber {
  const value = args[index];
  if (!(value instanceof RegoNumber)) throw new OperandError('not a number');
  return value;
}

export function arrayAt(args: readonly RegoValue[], index: number): readonly RegoValue[] {
  const value = args[index];
  if (!isArray(value)) throw new OperandError('not an array');
  return value;
}

export function objectAt(args: readonly RegoValue[], index: number): RegoObject {
  const value = args[index];
  if (!(value instanceof RegoObject)) throw new OperandError('not an object');
  return value;
}

/** A 64-bit whole number, as OPA reads one from a number's text: digits, and after a point only zeros. */
export function intAt(args: readonly RegoValue[], index: number): bigint {
  const whole = asInt(numberAt(args, index));
  if (whole === undefined) throw new OperandError('not an integer');
  return whole;
}

/** As `intAt`, for what a double holds exactly; what is larger is cut to that. */
export function smallIntAt(args: readonly RegoValue[], index: number): number {
  const whole = intAt(args, index);
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(whole > most ? most : whole < -most ? -most : whole);
}

/** The 64-bit whole number of a text; undefined where it is none. */
export function asInt({ text }: RegoNumber): bigint | undefined {
  const match = /^(-?\d+)(?:\.0*)?$/.exec(text);
  if (!match?.[1]) return undefined;
  const whole = BigInt(match[1]);
  return BigInt.asIntN(64, whole) === whole ? whole : undefined;
}

/** The strings of an array or a set. */
export function textsOf(value: RegoValue | undefined): readonly string[] {
  return membersOf(value).map(asText);
}

/** The members of an array or a set. */
export function membersOf(value: RegoValue | undefined): readonly RegoValue[] {
  if (isArray(value)) return value;
  if (value instanceof RegoSet) return value.members;
  throw new OperandError('neither an array nor a set');
}
