import type { DecisionPoint, MadeDecision } from '../../decision/types.ts';
import type { Composition } from '../compose.ts';

/** The composition in force, which a reload replaces between two decisions. */
export interface LiveComposition {
  current(): Composition;
  /** Decides with the composition that is in force when the call comes, from its beginning to its end. */
  readonly point: DecisionPoint;
  /** Puts another one in force; the old one is closed after its last decision. */
  replace(next: Composition): void;
  /** Decisions made so far. */
  decisions(): number;
}

interface Held {
  readonly composition: Composition;
  running: number;
  retired: boolean;
}

/** Holds the first composition. `onDecision` sees every decision as it is answered. */
export function holdComposition(
  first: Composition,
  onDecision: (made: MadeDecision) => void,
): LiveComposition {
  let held: Held = { composition: first, running: 0, retired: false };
  let decisions = 0;
  const closeIfDone = (one: Held): void => {
    if (one.retired && one.running === 0) one.composition.close();
  };
  return {
    current: () => held.composition,
    decisions: () => decisions,
    point: {
      decide: async (built, timing) => {
        const mine = held;
        mine.running += 1;
        try {
          const made = await mine.composition.point.decide(built, timing);
          decisions += 1;
          onDecision(made);
          return made;
        } finally {
          mine.running -= 1;
          closeIfDone(mine);
        }
      },
    },
    replace: (next) => {
      const before = held;
      held = { composition: next, running: 0, retired: false };
      before.retired = true;
      closeIfDone(before);
    },
  };
}
