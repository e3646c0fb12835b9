import { PortreeveError } from '../lib/errors.ts';
import { coarseClasses, isCustomCode } from '../lib/reason-code.ts';
import type { CoarseClass, CustomCode, Severity } from '../lib/reason-code.ts';
import { isObject } from './is-object.ts';

/** What a bundle declares of a reason of its author's own. Texts are for operators and auditors, never for the device. */
export interface CustomReason {
  readonly severity: Severity;
  /** One sentence in plain words; told as the reason's `message`. */
  readonly text: string;
  /** What an operator does about it. */
  readonly remediation: string;
  /** What the device is told when this is why it was denied. */
  readonly class: CoarseClass;
}

/** The same as it is written in `policy.yaml` and in a manifest. */
export interface DeclaredReason {
  readonly severity: Severity;
  readonly text: string;
  readonly remediation: string;
  /** `not_authorized` where it is left out. */
  readonly coarse?: CoarseClass | undefined;
}

/** The reasons that a bundle declares, in the order of its manifest. */
export type CustomReasons = ReadonlyMap<CustomCode, CustomReason>;

/** None declared: every `custom.` code is a trap. */
export const noCustomReasons: CustomReasons = new Map();

/** Most of each: declarations are read at every start and told in every record that needs them. */
const most = { reasons: 500, text: 500 };

const severities: readonly Severity[] = ['deny', 'warn', 'info'];

/**
 * Reads `metadata.portreeve.reasons` of a manifest, which has the form of `reasons` in `policy.yaml`: code →
 * `{severity, text, remediation, coarse?}`; `coarse` is `not_authorized` where it is not there. Undefined declares
 * none. Throws PDP_BUNDLE_INVALID naming what is wrong.
 */
export function readCustomReasons(value: unknown): CustomReasons {
  if (value === undefined) return noCustomReasons;
  if (!isObject(value)) throw invalid('metadata.portreeve.reasons is not an object');
  const entries = Object.entries(value);
  if (entries.length > most.reasons)
    throw invalid(`metadata.portreeve.reasons declares more than ${most.reasons}`);
  return new Map(entries.map(([code, declared]) => [readCode(code), readCustomReason(code, declared)]));
}

function readCode(code: string): CustomCode {
  if (isCustomCode(code)) return code;
  throw invalid(
    `the declared reason ${JSON.stringify(code.slice(0, 80))} is not named custom.<name>, in snake_case`,
  );
}

function readCustomReason(code: string, value: unknown): CustomReason {
  if (!isObject(value)) throw invalid(`the declaration of ${code} is not an object`);
  const { severity, text, remediation, coarse = 'not_authorized', ...others } = value;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw invalid(`the declaration of ${code} has an unknown key ${JSON.stringify(unknown)}`);
  return {
    severity: oneOf(severities, severity, `severity of ${code}`),
    text: readText(text, `text of ${code}`),
    remediation: readText(remediation, `remediation of ${code}`),
    class: oneOf(coarseClasses, coarse, `coarse of ${code}`),
  };
}

function oneOf<Choice extends string>(choices: readonly Choice[], value: unknown, where: string): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw invalid(`${where} is not one of ${choices.join(', ')}`);
  return found;
}

/** Told on terminals, in logs and in records: one line, without control characters. */
function readText(value: unknown, where: string): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= most.text && !/\p{C}/u.test(value))
    return value;
  throw invalid(`${where} is not one line of 1 to ${most.text} characters`);
}

function invalid(problem: string): PortreeveError {
  return new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${problem}`);
}
