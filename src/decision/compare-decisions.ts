import { canonicalJson } from '../lib/canonical-json.ts';
import type { Decision } from './types.ts';

/** A connection that the second decision denies and the first one lets in, or the other way round. */
export type Direction = 'lock_out' | 'let_in';

/** What two decisions about the same connection come to: a flip, or something else that it is told, or nothing. */
export interface Compared {
  readonly before: Decision;
  readonly after: Decision;
  readonly direction: Direction | null;
  /** Where the outcome is the same: other reasons, or another term, entitlements, headers. */
  readonly otherwise: 'reasons' | 'obligations' | null;
  /** Neither lets it in. */
  readonly denied: boolean;
}

/** Holds two decisions about the same connection against each other. Pure. */
export function compareDecisions(before: Decision, after: Decision): Compared {
  const direction = directionOf(before, after);
  const otherwise = direction === null ? otherwiseOf(before, after) : null;
  return { before, after, direction, otherwise, denied: direction === null && before.outcome === 'deny' };
}

/** Which way the outcome goes; null where it stays. */
function directionOf(before: Decision, after: Decision): Direction | null {
  if (before.outcome === after.outcome) return null;
  return after.outcome === 'deny' ? 'lock_out' : 'let_in';
}

/** What is told otherwise although the outcome is the same. */
function otherwiseOf(before: Decision, after: Decision): Compared['otherwise'] {
  if (before === after) return null;
  if (codesOf(before) !== codesOf(after)) return 'reasons';
  return givenBy(before) === givenBy(after) ? null : 'obligations';
}

function codesOf({ reasons }: Decision): string {
  return reasons.map(({ code, severity }) => `${severity} ${code}`).join('\n');
}

function givenBy({ obligations, valid_until: until }: Decision): string {
  return canonicalJson({ obligations, until });
}

/** What a flip is counted under: why the second one denies, or why the first one did. Undefined where nothing flips. */
export function flipOf({
  before,
  after,
  direction,
}: Pick<Compared, 'before' | 'after' | 'direction'>):
  { readonly direction: Direction; readonly reason: string; readonly enforced: boolean } | undefined {
  if (direction === null) return undefined;
  const denial = direction === 'lock_out' ? after : before;
  return { direction, reason: denial.reasons[0]?.code ?? 'system.internal', enforced: denial.enforced };
}
