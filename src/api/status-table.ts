import type { Config } from '../config/types.ts';
import { isOurs } from '../decision/reasons.ts';
import type { Decision, Reason } from '../decision/types.ts';
import type { ToldCode } from '../lib/reason-code.ts';

/** What an answer looks like on the wire, by what was decided and why. */
export type WireRow = 'allow' | 'no_credential' | 'denied' | 'unavailable';

export interface WireStatus {
  /** When the row applies, for the documentation. */
  readonly when: string;
  /** HTTP status that the device gets; null where the request goes on to the upstream. */
  readonly http: number | null;
  /** gRPC status code within CheckResponse: anything but 0 denies. The call itself always succeeds. */
  readonly grpc: number;
  /** Whether the device is told to come back, with a random delay so that a fleet does not come back at once. */
  readonly retryAfter: boolean;
}

/**
 * The one table. A denial whose cause is ours has gRPC code 7 like every other: enforcement points other than Envoy
 * take UNAVAILABLE for an error that they may be configured to let through.
 */
export const statusTable: Readonly<Record<WireRow, WireStatus>> = {
  allow: {
    when: 'The outcome is allow, or a denial that the configuration does not enforce.',
    http: null,
    grpc: 0,
    retryAfter: false,
  },
  no_credential: {
    when: 'Denied because no credential came.',
    http: 401,
    grpc: 16,
    retryAfter: false,
  },
  denied: {
    when: 'Denied because of the device, its credential, its record or a malformed request.',
    http: 403,
    grpc: 7,
    retryAfter: false,
  },
  unavailable: {
    when: 'Denied for causes of ours alone: a fault, the deadline, overload, missing or stale state, a clock that cannot be trusted.',
    http: 503,
    grpc: 7,
    retryAfter: true,
  },
};

/** The row of a decision. Configuration has no say in it. */
export function rowOf(decision: Decision): WireRow {
  if (lets(decision)) return 'allow';
  const reason = tellingReason(decision);
  if (reason === undefined || isOurs(reason.code)) return 'unavailable';
  return reason.code === 'identity.no_credential' ? 'no_credential' : 'denied';
}

/** Whether the connection passes: the outcome is allow, or a denial is not enforced. */
export function lets(decision: Decision): boolean {
  return decision.outcome === 'allow' || !decision.enforced;
}

/**
 * The reason that the device's answer goes by: the first denying one about the device, since coming back would not
 * help it; else the first denying one of ours. Undefined for a denial that names no denying reason.
 */
export function tellingReason(decision: Decision): Reason | undefined {
  const denying = decision.reasons.filter((reason) => reason.severity === 'deny');
  const timeless = denying.some((reason) => reason.code === 'system.clock_untrusted');
  const aboutDevice = ({ code }: Reason) => !isOurs(code) && !(timeless && byClock.has(code));
  return denying.find(aboutDevice) ?? denying.find(({ code }) => isOurs(code)) ?? denying[0];
}

/** What is found by our clock alone: no fault of the device's where that clock cannot be trusted. */
const byClock: ReadonlySet<ToldCode> = new Set<ToldCode>([
  'credential.not_yet_valid',
  'credential.expired',
  'chain.issuer_expired',
]);

/** HTTP status of a denial: the configured one where it is an error status, else the table's. */
export function httpStatus(row: Exclude<WireRow, 'allow'>, statuses: Config['wire']['statuses']): number {
  const configured = statuses[row];
  const usable =
    configured !== undefined && Number.isInteger(configured) && configured >= 400 && configured <= 599;
  return usable ? configured : (statusTable[row].http as number);
}
