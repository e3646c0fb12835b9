import test from 'ava';
import type { ContextResult } from '../../../../src/context/types.ts';
import type { MadeDecision } from '../../../../src/decision/types.ts';
import type { Composition } from '../../../../src/server/compose.ts';
import { holdComposition } from '../../../../src/server/worker/live-composition.ts';

const built = {} as ContextResult;
const timing = { arrived: 0, deadline: 1 };

/** A composition that answers its name when told to. */
function named(name: string) {
  const gate = Promise.withResolvers<void>();
  const state = { closed: false };
  const composition = {
    point: {
      decide: async () => {
        await gate.promise;
        return { name } as unknown as MadeDecision;
      },
    },
    close: () => {
      state.closed = true;
    },
  } as unknown as Composition;
  return { composition, state, gate };
}

test('a decision ends with the composition that it began with, which is closed only then', async (t) => {
  const [old, next] = [named('old'), named('next')];
  const seen: unknown[] = [];
  const live = holdComposition(old.composition, (made) => void seen.push(made));
  const first = live.point.decide(built, timing);
  live.replace(next.composition);
  const second = live.point.decide(built, timing);
  t.is(live.current(), next.composition);
  t.false(old.state.closed);
  next.gate.resolve();
  t.deepEqual(await second, { name: 'next' } as unknown as MadeDecision);
  t.false(old.state.closed);
  old.gate.resolve();
  t.deepEqual(await first, { name: 'old' } as unknown as MadeDecision);
  t.true(old.state.closed);
  t.false(next.state.closed);
  t.is(live.decisions(), 2);
  t.is(seen.length, 2);
});

test('a composition without running decisions is closed when it is replaced', (t) => {
  const [old, next] = [named('old'), named('next')];
  const live = holdComposition(old.composition, () => undefined);
  live.replace(next.composition);
  t.true(old.state.closed);
});
