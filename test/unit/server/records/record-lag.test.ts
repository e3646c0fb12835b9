import test from 'ava';
import { createRecordLag } from '../../../../src/server/records/record-lag.ts';

function lagging(mostMs: number) {
  const clock = { now: 0 };
  const lag = createRecordLag(
    () => mostMs,
    () => clock.now,
  );
  return { clock, lag };
}

test('no answer goes ahead before a first record is known to stand in the log', (t) => {
  const { lag } = lagging(50);
  t.false(lag.mayGoAhead());
  const known = lag.begins();
  t.false(lag.mayGoAhead());
  known(true);
  t.true(lag.mayGoAhead());
});

test('answers go ahead for as long as no record has been on its way for the time that may be lost', (t) => {
  const { clock, lag } = lagging(50);
  lag.begins()(true);
  const first = lag.begins();
  clock.now = 30;
  const second = lag.begins();
  clock.now = 49;
  t.true(lag.mayGoAhead());
  clock.now = 50;
  t.false(lag.mayGoAhead(), 'the first one has waited for too long');
  first(true);
  t.true(lag.mayGoAhead(), 'the second one has not');
  clock.now = 80;
  t.false(lag.mayGoAhead());
  second(true);
  t.true(lag.mayGoAhead());
});

test('after records that were not kept answers wait until some are again', (t) => {
  const { lag } = lagging(50);
  lag.begins()(true);
  lag.begins()(false);
  t.false(lag.mayGoAhead());
  lag.begins()(true);
  t.true(lag.mayGoAhead());
});

test('where nothing may be lost, no answer ever goes ahead', (t) => {
  const { lag } = lagging(0);
  lag.begins()(true);
  const known = lag.begins();
  t.false(lag.mayGoAhead());
  known(true);
});

test('records are late where answers wait for a batch that has waited for 20 ms itself', (t) => {
  for (const [mostMs, late] of [
    [5, 20],
    [50, 50],
  ] as const) {
    const { clock, lag } = lagging(mostMs);
    t.false(lag.isLate(), 'nothing is on its way');
    lag.begins()(true);
    const known = lag.begins();
    clock.now = late - 1;
    t.false(lag.isLate(), `${mostMs} ms`);
    clock.now = late;
    t.true(lag.isLate());
    known(true);
    t.false(lag.isLate());
  }
});
