import { asPortreeveError } from '../lib/errors.ts';
import type { ErrorCode } from '../lib/errors.ts';
import type { ReasonCode } from '../lib/reason-code.ts';
import type { Fault } from './types.ts';

/** What each fault code means for a decision; any other is an error inside this program. */
const reasonFor: Readonly<Partial<Record<ErrorCode, ReasonCode>>> = {
  PDP_POLICY_UNDEFINED: 'policy.undefined',
  PDP_POLICY_TRAP: 'policy.error',
  PDP_POLICY_TIMEOUT: 'policy.timeout',
  PDP_BUNDLE_INVALID: 'policy.bundle_missing',
  PDP_STORE_UNAVAILABLE: 'system.dependency_stale',
  PDP_STORE_NEWER: 'system.dependency_stale',
  PDP_AUDIT_UNAVAILABLE: 'system.audit_unavailable',
};

/** Turns whatever a stage threw into the fault, and so the reason, that it stands for. */
export function faultOf(thrown: unknown, stage: Fault['stage']): Fault {
  const error = asPortreeveError(thrown);
  return { code: reasonFor[error.code] ?? 'system.internal', stage, message: error.message };
}

/** A value, or the fault that came instead of it. */
export type Attempt<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault };

/** Runs one stage; what it throws becomes a fault. */
export function attempt<T>(stage: Fault['stage'], run: () => T): Attempt<T> {
  try {
    return { ok: true, value: run() };
  } catch (thrown) {
    return { ok: false, fault: faultOf(thrown, stage) };
  }
}

/** As `attempt`, of a stage that takes its time. */
export async function attemptAsync<T>(stage: Fault['stage'], run: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await run() };
  } catch (thrown) {
    return { ok: false, fault: faultOf(thrown, stage) };
  }
}
