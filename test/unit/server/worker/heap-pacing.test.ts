import test from 'ava';
import { growthPercent, paceHeap } from '../../../../src/server/worker/heap-pacing.ts';

const mb = 1024 * 1024;

/** Up to which the heaps of these tests may grow. */
const most = 120 * mb;

test('a small heap may grow to several times its size, a large one by little', (t) => {
  t.is(growthPercent(20 * mb, most), 250);
  t.is(growthPercent(60 * mb, most), 100);
  t.is(growthPercent(200 * mb, most), 15);
});

test('a heap that may grow never does beyond what is kept for it, unless what lives in it is more', (t) => {
  for (let live = 40; live <= 104; live += 1) {
    t.true((live * (100 + growthPercent(live * mb, most))) / 100 <= 121, `${live} MB`);
  }
});

test('the lowest of the last looks counts as what lives, and the flag is set only where it changes', (t) => {
  const sizes = [60, 150, 90, 60, ...new Array<number>(20).fill(120)];
  const set: number[] = [];
  const { look } = paceHeap(
    most,
    () => 0,
    () => (sizes.shift() as number) * mb,
    (percent) => set.push(percent),
  );
  while (sizes.length > 0) look();
  t.deepEqual(set, [100, 15]);
});

test('what has been remembered since the lowest look counts as living, before a collection shows it', (t) => {
  const looks = [
    { size: 30, entries: 0 },
    { size: 90, entries: 20_480 },
    { size: 100, entries: 20_480 },
    { size: 110, entries: 0 },
  ];
  const [sizes, entries] = [looks.map(({ size }) => size * mb), looks.map((look) => look.entries)];
  const set: number[] = [];
  const { look } = paceHeap(
    most,
    () => entries.shift() as number,
    () => sizes.shift() as number,
    (percent) => set.push(percent),
  );
  while (sizes.length > 0) look();
  // 30 MB live, then 40 more; once they are forgotten, 30 again.
  t.deepEqual(set, [250, 71, 250]);
});

test('what is forgotten does not make less of what lives: it will be remembered again', (t) => {
  const [sizes, entries] = [
    [100, 110],
    [20_480, 0],
  ];
  const set: number[] = [];
  const { look } = paceHeap(
    most,
    () => entries.shift() as number,
    () => (sizes.shift() as number) * mb,
    (percent) => set.push(percent),
  );
  look();
  t.deepEqual(set, [20]);
});
