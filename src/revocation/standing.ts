import { better, revokingLists, type Belief, type CrlList } from './crl-lists.ts';
import type { CrlHeader } from './crl-header.ts';
import { allReasons, type ReasonMask } from './reasons.ts';

/** What CRLs together say of one certificate. */
export interface Standing<Crl extends CrlHeader> {
  /** The list that revokes; else the one that gives out first; else any that is there. */
  readonly list?: CrlList<Crl>;
  /** How far all that has to be known is known; undefined where something is not known at all. */
  readonly belief?: Belief;
  /** Reasons for which no list tells the status. */
  readonly missing: ReasonMask;
}

interface Covering<Crl extends CrlHeader> {
  readonly list: CrlList<Crl>;
  readonly belief: Belief;
}

/**
 * Puts the lists about a certificate together: its status is known for a reason where one list that covers the reason is
 * believed, and known at all where it is for every reason and every part of the issuer's list. What is believed least
 * counts, of the lists about the same the one that carries furthest; and what lifts a hold, whatever list that is on.
 */
export function standingOf<Crl extends CrlHeader>(
  lists: readonly CrlList<Crl>[],
  parts: number,
): Standing<Crl> {
  const [revoking] = revokingLists(lists);
  const [first] = lists;
  if (first && lists.length === 1 && first.reasons === allReasons && (parts === 1 || !first.parts))
    return { list: first, belief: first.belief, missing: 0 };
  let weakest: Covering<Crl> | undefined;
  let missing: ReasonMask = 0;
  for (let part = 0; part < parts; part++) {
    for (const reason of eachReason) {
      const best = bestFor(lists, part, reason);
      if (best === undefined) missing |= reason;
      else if (weakest === undefined || better(best.belief, weakest.belief) === weakest.belief)
        weakest = best;
    }
  }
  // A lifted hold counts again, on whatever list, once the delta is stale that lifted it: nothing is known for longer.
  for (const list of lists)
    if (list.lifted && weakest && better(list.belief, weakest.belief) === weakest.belief)
      weakest = { list, belief: list.belief };
  const list = revoking ?? weakest?.list ?? first;
  return {
    ...(list && { list }),
    ...(missing === 0 && weakest && { belief: weakest.belief }),
    missing,
  };
}

const eachReason: readonly ReasonMask[] = [1, 2, 3, 4, 5, 6, 7, 8].map((bit) => 1 << bit);

function bestFor<Crl extends CrlHeader>(
  lists: readonly CrlList<Crl>[],
  part: number,
  reason: ReasonMask,
): Covering<Crl> | undefined {
  let best: Covering<Crl> | undefined;
  for (const list of lists) {
    if ((list.reasons & reason) === 0 || !(list.parts?.includes(part) ?? true)) continue;
    if (best === undefined || better(best.belief, list.belief) !== best.belief)
      best = { list, belief: list.belief };
  }
  return best;
}
