import test from 'ava';
import { createIds } from '../../../src/server/new-id.ts';

test('ids are UUIDs of version 7 whose first 48 bits are the time', (t) => {
  const now = 1_800_000_000_123;
  const newId = createIds({ now: () => now, monotonic: () => 0 });
  const id = newId();
  t.regex(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.is(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), now);
});

test('ids differ also beyond one draw of random bytes', (t) => {
  const newId = createIds({ now: () => 0, monotonic: () => 0 });
  t.is(new Set(Array.from({ length: 1000 }, newId)).size, 1000);
});

test('an instant before 1970 or past what 48 bits hold is the nearest that an id can hold', (t) => {
  for (const [now, time] of [
    [-2_208_988_800_000, '00000000-0000'],
    [-0.5, '00000000-0000'],
    [2 ** 48, 'ffffffff-ffff'],
  ] as const) {
    const id = createIds({ now: () => now, monotonic: () => 0 })();
    t.is(id.slice(0, 13), time);
    t.regex(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});
