import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { createEpochMemory, memoriesOf } from '../../../src/store/epoch-memory.ts';

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
    memory.read('b', 'b', () => 'other'),
    'other',
    'full in all its groups together, and the other one was asked for',
  );
});

test('who is there stays known however many others are asked for that are not, and the counts say so', (t) => {
  const { state, store } = fakeStore();
  const memory = createEpochMemory<string | undefined>(store, 100, 'devices');
  const fleet = Array.from({ length: 60 }, (_, index) => `meter ${index}`);
  const ask = () => fleet.forEach((device) => memory.read('', device, () => device));
  ask();
  for (let claim = 0; claim < 1000; claim += 1) memory.read('', `claim ${claim}`, () => undefined);
  ask();
  const stats = { name: 'devices', entries: 100, bound: 100, hits: 60, misses: 1060, evictions: 960 };
  t.deepEqual(memoriesOf(store), [stats]);
  t.is(
    memory.read('', 'claim 999', () => 'there'),
    undefined,
    'who is not there is remembered too',
  );
  state.epochs = { local: 2 };
  t.is(
    memory.read('', 'claim 999', () => 'there'),
    'there',
  );
  t.like(memoriesOf(store)[0], { entries: 1, misses: 1061, evictions: 1060 });
});

test('a store tells of its memories that have a name, and holds none that nobody else does', async (t) => {
  const { store } = fakeStore();
  const kept = createEpochMemory<string>(store, 2, 'kept');
  kept.read('', 'a', () => 'a');
  createEpochMemory<string>(store, 2);
  for (let times = 0; times < 3; times += 1)
    createEpochMemory<string>(store, 2, 'dropped').read('', 'b', () => 'b');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What was made in this turn lives to its end.
  await turn();
  collect();
  t.deepEqual(memoriesOf(store), [{ name: 'kept', entries: 1, bound: 2, hits: 0, misses: 1, evictions: 0 }]);
  kept.read('', 'a', () => 'a');
  t.is(memoriesOf(store)[0]?.hits, 1);
});
