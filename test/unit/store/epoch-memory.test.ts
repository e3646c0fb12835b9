import test from 'ava';
import { createEpochMemory } from '../../../src/store/epoch-memory.ts';

/** A store whose epochs a test sets; `open` says whether a snapshot is. */
function fakeStore() {
  const state = { epochs: { local: 1 } as Readonly<Record<string, number>>, snapshots: 0 };
  return {
    state,
    store: {
      epochs: () => state.epochs,
      snapshot: <T>(read: () => T): T => {
        state.snapshots += 1;
        return read();
      },
    },
  };
}

test('what was read is served under the same epochs and read anew under others', (t) => {
  const { state, store } = fakeStore();
  const memory = createEpochMemory<string | undefined>(store, 10);
  let reads = 0;
  const load = () => (reads++ === 0 ? 'first' : undefined);
  t.is(memory.read('', 'a', load), 'first');
  t.is(memory.read('', 'a', load), 'first');
  state.epochs = { local: 2 };
  t.is(memory.read('', 'a', load), undefined);
  t.is(memory.read('', 'a', load), undefined);
  t.is(reads, 2);
  t.is(state.snapshots, 4);
});

test('a memory that is full forgets rather than grows, and what could not be read is not remembered', (t) => {
  const { store } = fakeStore();
  const memory = createEpochMemory<number>(store, 2);
  let reads = 0;
  const load = () => ++reads;
  for (const key of ['a', 'b', 'a', 'b']) memory.read('', key, load);
  t.is(reads, 2);
  memory.read('', 'c', load);
  t.is(memory.read('', 'a', load), 4);
  t.throws(() =>
    memory.read('', 'd', () => {
      throw new Error('unreadable');
    }),
  );
  t.is(memory.read('', 'd', load), 5);
});

test('what is kept under one key in two groups is two things', (t) => {
  const { store } = fakeStore();
  const memory = createEpochMemory<string>(store, 2);
  t.is(
    memory.read('a', 'b', () => 'ab'),
    'ab',
  );
  t.is(
    memory.read('b', 'b', () => 'bb'),
    'bb',
  );
  t.is(
    memory.read('a', 'b', () => 'other'),
    'ab',
  );
  memory.read('c', 'c', () => 'cc');
  t.is(
    memory.read('a', 'b', () => 'other'),
    'other',
    'full in all its groups together',
  );
});
