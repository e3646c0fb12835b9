import { concludeWith } from '../../decision/conclude-with.ts';
import type { AskableRecord } from '../../decision/conclude-with.ts';
import type { Decision } from '../../decision/types.ts';
import type { ConcludeSettings } from '../../decision/conclude.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { Answers } from './sides.ts';

/** A connection that NEW denies and OLD lets in, or the other way round. */
export type Direction = 'lock_out' | 'let_in';

/** What becomes of one connection: a flip, or something else that it is told, or nothing. */
export interface Compared {
  readonly before: Decision;
  readonly after: Decision;
  readonly direction: Direction | null;
  /** Where the outcome is the same: other reasons, or another term, entitlements, headers. */
  readonly otherwise: 'reasons' | 'obligations' | null;
  /** Neither lets it in. */
  readonly denied: boolean;
}

/** Decides one connection with what both policies answer. The floor is in both: what it hides is no difference. */
export function compareAnswers(
  record: AskableRecord,
  answers: Answers,
  settings: ConcludeSettings,
): Compared {
  const before = concludeWith(record, answers.before, settings);
  // Remembered answers are the same objects where both policies say the same.
  const after = answers.after === answers.before ? before : concludeWith(record, answers.after, settings);
  return compareDecisions(before, after);
}

/** Holds two decisions about the same connection against each other. */
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

/** What a flip is counted under: why NEW denies, or why OLD did. Undefined where nothing flips. */
export function flipOf({
  before,
  after,
  direction,
}: Compared):
  { readonly direction: Direction; readonly reason: string; readonly enforced: boolean } | undefined {
  if (direction === null) return undefined;
  const denial = direction === 'lock_out' ? after : before;
  return { direction, reason: denial.reasons[0]?.code ?? 'system.internal', enforced: denial.enforced };
}
