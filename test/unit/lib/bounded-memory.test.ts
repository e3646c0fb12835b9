import test from 'ava';
import fc from 'fast-check';
import { createBoundedMemory } from '../../../src/lib/bounded-memory.ts';

const runs = 200 * Number(process.env.SOAK_FACTOR ?? 1);

const numbered = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`);

function filled(most: number, keys: readonly string[], claimed = false) {
  const memory = createBoundedMemory<string, string>(most);
  for (const key of keys) memory.keep('', key, key, claimed);
  const found = (all: readonly string[]): number => all.filter((key) => memory.find('', key)).length;
  return { memory, found };
}

test('however many claims come, nothing that is there makes room for them beyond a tenth', (t) => {
  const fleet = numbered('device', 100);
  const { memory, found } = filled(100, fleet);
  for (const claim of numbered('claim', 1000)) memory.keep('', claim, '', true);
  t.is(found(fleet), 90);
  t.is(memory.size(), 100);
});

test('claims take the room that is free, and give it back to what is there but for a tenth', (t) => {
  const [claims, fleet] = [numbered('claim', 1000), numbered('device', 100)];
  const { memory, found } = filled(100, claims, true);
  t.is(memory.size(), 100);
  for (const device of fleet.slice(0, 90)) memory.keep('', device, '', false);
  t.is(found(fleet), 90);
  t.is(found(claims), 10);
  for (const device of fleet.slice(90)) memory.keep('', device, '', false);
  t.is(found(fleet), 90, 'a tenth is theirs');
});

test('what was asked for stays, and the others make room one by one, the oldest first', (t) => {
  const first = numbered('first', 10);
  const { memory, found } = filled(10, first);
  t.is(found(first.slice(0, 4)), 4);
  for (const key of numbered('second', 6)) t.is(memory.keep('', key, '', false), 1);
  t.is(found(first.slice(0, 4)), 4);
  t.is(found(first.slice(4)), 0);
});

test('what is newest is not what makes room, also where the last of all was the one that did', (t) => {
  const first = numbered('first', 10);
  const { memory, found } = filled(10, first);
  t.is(found(first.slice(0, 9)), 9);
  const second = numbered('second', 10);
  for (const key of second) memory.keep('', key, '', false);
  t.is(found(second), 10, 'nobody asked for the first ones since');
  const third = numbered('third', 1000);
  for (const key of third) memory.keep('', key, '', false);
  t.is(found(third.slice(-9)), 9);
});

test('where everything was asked for, something makes room all the same', (t) => {
  const keys = numbered('key', 10);
  const { memory, found } = filled(10, keys);
  found(keys);
  t.is(memory.keep('', 'another', '', false), 1);
  t.is(memory.size(), 10);
});

test('what is dropped is dropped as a claim too', (t) => {
  const { memory } = filled(10, ['one']);
  memory.keep('', 'one', 'claimed', true);
  t.is(memory.find('', 'one')?.value, 'one');
  memory.drop('', 'one');
  t.is(memory.find('', 'one'), undefined);
  t.is(memory.size(), 0);
});

test('a memory for nothing keeps one entry', (t) => {
  for (const most of [0, 1]) {
    for (const claimed of [false, true]) {
      const memory = createBoundedMemory<string, number>(most);
      for (let value = 0; value < 5; value += 1) memory.keep('', `${value}`, value, value === 4 && claimed);
      t.is(memory.size(), 1);
      t.is(memory.find('', '4')?.value, 4);
    }
  }
});

test('it has no more than it may, finds what was kept last or nothing, and its counts come out', (t) => {
  const kinds = ['keep', 'keep', 'keep', 'keep', 'find', 'drop', 'forget'] as const;
  const act = fc.record({
    kind: fc.constantFrom(...kinds),
    group: fc.constantFrom('a', 'b', 'c'),
    key: fc.nat(40),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 25 }), fc.array(act, { maxLength: 400 }), (most, acts) => {
      const memory = createBoundedMemory<number, number>(most);
      const latest = new Map<string, number>();
      let [kept, gone] = [0, 0];
      for (const [value, { kind, group, key }] of acts.entries()) {
        const name = `${group} ${key}`;
        const found = memory.find(group, key);
        if (found) t.true(found.value === latest.get(name));
        if (kind === 'drop') {
          if (found) gone += 1;
          memory.drop(group, key);
          t.is(memory.find(group, key), undefined);
          latest.delete(name);
        } else if (kind === 'forget') {
          gone += memory.forget();
          t.is(memory.size(), 0);
          latest.clear();
        } else if (kind === 'keep') {
          if (!found) kept += 1;
          // Odd ones are nothing but claims.
          gone += memory.keep(group, key, value, key % 2 === 1);
          latest.set(name, value);
          t.is(memory.find(group, key)?.value, value);
        }
        t.true(memory.size() <= most);
        t.is(memory.size(), kept - gone);
      }
    }),
    { numRuns: runs },
  );
  t.pass();
});
