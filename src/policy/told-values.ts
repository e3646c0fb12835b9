import { PortreeveError } from '../lib/errors.ts';
import { canonicalForm } from '../lib/canonical-json.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { PolicyInput, Verdict } from './types.ts';

/** The values that a reason's detail can have. */
export type DetailValue = string | number | boolean;

/** Most characters of a text in a detail. */
const mostText = 1024;

/** A value that a rule only names, `{"input": "device_id"}`: the input's value of that key belongs into the detail. */
export interface ToldValue {
  /** Which of the verdict's reasons. */
  readonly reason: number;
  /** The value's name in the reason's detail. */
  readonly name: string;
  /** The input's key. */
  readonly key: string;
}

/**
 * A verdict without what its rules only name of the input: it is the same for all inputs that differ in nothing else,
 * such as those of a whole fleet of devices.
 */
export interface SharedVerdict extends Verdict {
  /** Left out where there are none. */
  readonly told?: readonly ToldValue[];
}

/**
 * The verdict with what its rules only name: the input's own values, of which null is left out. Throws PDP_POLICY_TRAP for
 * a key that the bundle does not say that it reads (`inputKeys`), that the input does not have, or whose value can stand in
 * no detail.
 */
export function withToldValues(
  shared: SharedVerdict,
  input: PolicyInput,
  inputKeys: readonly string[] | undefined,
): Verdict {
  const { told, ...verdict } = shared;
  if (told === undefined) return shared;
  const reasons = verdict.reasons.map((reason, index) => {
    const values = told.filter((one) => one.reason === index);
    if (values.length === 0) return reason;
    const named = values.flatMap(({ name, key }) => {
      const value = valueOf(key, input, inputKeys, `${name} of ${reason.code}`);
      return value === null ? [] : [[name, value] as const];
    });
    const detail: NonNullable<Finding['detail']> = { ...reason.detail, ...Object.fromEntries(named) };
    return { ...reason, detail };
  });
  return canonicalForm({ ...verdict, reasons });
}

function valueOf(
  key: string,
  input: PolicyInput,
  inputKeys: readonly string[] | undefined,
  where: string,
): DetailValue | null {
  if (inputKeys?.includes(key) === false) {
    throw wrongVerdict(`${where}: input.${key}`, "a key that the bundle's manifest names as read");
  }
  if (!Object.hasOwn(input, key)) throw wrongVerdict(`${where}: input.${key}`, 'a key of the input');
  const value = (input as unknown as Readonly<Record<string, unknown>>)[key];
  return value === null ? null : readDetailValue(value, where);
}

/** Checks one value of a reason's detail. Throws PDP_POLICY_TRAP. */
export function readDetailValue(value: unknown, where: string): DetailValue {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string' && value.length <= mostText) return value;
  throw wrongVerdict(where, `a number, true, false, or a text of at most ${mostText} characters`);
}

/** What a policy said that is no verdict. */
export function wrongVerdict(what: string, must: string): PortreeveError {
  return new PortreeveError('PDP_POLICY_TRAP', `the policy's answer cannot be used: ${what} is not ${must}`);
}
