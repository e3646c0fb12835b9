import { reopenedDevices } from '../../inventory/reopened.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { holdsInForce } from '../../revocation/holds/in-force.ts';
import { holdText } from '../../revocation/holds/list.ts';
import { olderCrls } from '../../revocation/older-crls.ts';
import { changesAfter, lastSharedChange, newestChange } from '../../store/snapshot.ts';
import { readSourceStates } from '../../store/source-states.ts';
import type { Store } from '../../store/types.ts';

/** One thing that a state in force has and the state to come has forgotten. */
export interface GoingBack {
  readonly kind: 'changes' | 'crl' | 'hold' | 'device' | 'sequence';
  /** How many it stands for: changes, entries of a CRL, devices. */
  readonly count: number;
  /** For people. */
  readonly what: string;
}

/** Changes that are judged by what came of them: by their CRLs, and by all that is compared here. */
const judgedOtherwise: ReadonlySet<string> = new Set(['crl.import', 'state.restore']);

/**
 * What would go back where `before` is replaced by `after`, by kind; empty where `after` knows all that `before` does.
 * Throws PDP_STORE_UNAVAILABLE.
 */
export function goingBack(before: Store, after: Store, now: EpochMs): readonly GoingBack[] {
  return before.snapshot(() => [
    ...lostHolds(before, after, now),
    ...lostCrls(before, after),
    ...lostChanges(before, after),
    ...lostSequences(before, after),
  ]);
}

function lostHolds(before: Store, after: Store, now: EpochMs): GoingBack[] {
  const there = holdsInForce(after, now);
  return [...holdsInForce(before, now).values()]
    .filter(({ hold_id: id, until }) => {
      const other = there.get(id);
      return !other || (other.until ?? Infinity) < (until ?? Infinity);
    })
    .map((hold) => ({
      kind: 'hold',
      count: 1,
      what: `${hold.hold_id} of ${hold.who} (${hold.why}) would no longer hold ${holdText(hold)}`,
    }));
}

function lostCrls(before: Store, after: Store): GoingBack[] {
  return olderCrls(before, after).map(({ issuer_name: issuer, number, older, scope, delta, unlisted }) => {
    const which = `${delta ? 'the delta CRL' : 'the CRL'}${scope === '' ? '' : ` of a part`} of ${issuer}`;
    const to = older
      ? `to ${numbered(older.number)} of ${formatInstant(older.this_update)}`
      : 'to none at all';
    return {
      kind: 'crl',
      count: unlisted,
      what: `${which} would go back from ${numbered(number)} ${to}; ${unlisted} of its entries would not be revoked`,
    };
  });
}

function lostChanges(before: Store, after: Store): GoingBack[] {
  const shared = lastSharedChange(before, after);
  const lost = changesAfter(before, shared).filter(({ kind }) => !judgedOtherwise.has(kind));
  if (lost.length === 0) return [];
  // Holds are not of the inventory, which takes long to read through.
  const devicesToo = lost.some(({ kind }) => !kind.startsWith('hold.'));
  const { devices, examples } = devicesToo ? reopenedDevices(before, after) : { devices: 0, examples: [] };
  const reopened: GoingBack[] =
    devices === 0
      ? []
      : [
          {
            kind: 'device',
            count: devices,
            what: `would be active again: ${examples.join(', ')}${devices > examples.length ? ', …' : ''}`,
          },
        ];
  const told = lost.map(({ kind, changes }) => `${changes} ${kind}`).join(', ');
  const count = lost.reduce((sum, { changes }) => sum + changes, 0);
  const what = `${told}: made after change ${shared}, up to ${newestChange(before)}`;
  return [...reopened, { kind: 'changes', count, what }];
}

function lostSequences(before: Store, after: Store): GoingBack[] {
  const there = new Map(readSourceStates(after).map((state) => [`${state.kind} ${state.name}`, state]));
  return readSourceStates(before).flatMap(({ kind, name, sequence }) => {
    if (sequence === null) return [];
    const other = there.get(`${kind} ${name}`)?.sequence ?? null;
    if (other !== null && other >= sequence) return [];
    const what = `${kind} source ${name} would go back from ${sequence} to ${other ?? 'none'}`;
    return [{ kind: 'sequence' as const, count: 1, what }];
  });
}

function numbered(number: string | null): string {
  return number === null ? 'one without a number' : `number ${number}`;
}
