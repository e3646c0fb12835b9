import type { CoarseClass, ReasonCode, Severity } from '../../lib/reason-code.ts';

export type { CoarseClass } from '../../lib/reason-code.ts';

/** One entry of the catalogue. Texts are for operators and auditors, never for the device. */
export interface ReasonEntry {
  readonly severity: Severity;
  /** One sentence in plain words; told as the reason's `message`, the same for every decision. */
  readonly text: string;
  /** Controls that the check serves, by the ids of their current editions. */
  readonly control: readonly string[];
  /** What an operator does about it. */
  readonly remediation: string;
  /** What the device is told when this is why it was denied. */
  readonly class: CoarseClass;
  /** The cause is on our side: a fault, the deadline, overload, missing or stale state. */
  readonly ours: boolean;
  /** The same connection may be allowed later although nothing about the device changed. */
  readonly retryable: boolean;
}

/** The entries of one part of the catalogue, keyed by their codes. */
export type ReasonGroup<Group extends string> = Readonly<
  Record<Extract<ReasonCode, `${Group}.${string}`>, ReasonEntry>
>;

/** A denial whose cause is the device, its credential or its record: the same again would be denied again. */
export function about(
  text: string,
  remediation: string,
  control: readonly string[],
  told: CoarseClass = 'not_authorized',
): ReasonEntry {
  return {
    severity: 'deny',
    text,
    control,
    remediation,
    class: told,
    ours: false,
    retryable: told === 'retry_later',
  };
}

/** A denial whose cause is ours: the device is told to come back. */
export function ours(text: string, remediation: string, control: readonly string[]): ReasonEntry {
  return { severity: 'deny', text, control, remediation, class: 'retry_later', ours: true, retryable: true };
}

/** Something worth knowing that denies nothing by itself. */
export function remark(
  severity: 'warn' | 'info',
  text: string,
  remediation: string,
  control: readonly string[],
): ReasonEntry {
  return {
    severity,
    text,
    control,
    remediation,
    class: 'not_authorized',
    ours: false,
    retryable: false,
  };
}
