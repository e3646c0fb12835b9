import test from 'ava';
import type { ExecutionContext } from 'ava';
import { earliestPossible } from '../../../../src/lib/trusted-time.ts';
import { startTimeKeeper } from '../../../../src/server/time/time-keeper.ts';
import type { TimeKeeper } from '../../../../src/server/time/time-keeper.ts';
import { readKeptTime, resetKeptTime, writeKeptTime } from '../../../../src/store/kept-time.ts';
import type { Store } from '../../../../src/store/types.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';
import type { FakeClock } from '../../../helpers/fake-clock.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
const start = Date.UTC(2026, 5, 1, 12);
const rules = { tolerance: 5 * minute, settle: hour, max_leap: 30 * day };

interface Kept {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly keeper: TimeKeeper;
  readonly log: string[];
}

function keep(t: ExecutionContext, store: Store, clock: FakeClock): Kept {
  const log: string[] = [];
  const keeper = startTimeKeeper({
    store,
    clock,
    rules: () => rules,
    onKept: () => undefined,
    log: (line) => log.push(line),
  });
  t.teardown(() => keeper.stop());
  return { store, clock, keeper, log };
}

function begin(t: ExecutionContext, at = start): Kept {
  return keep(t, temporaryStore(t), fakeClock(at));
}

/** Lets the clock go on evenly, with a look each minute. */
function pass({ clock, keeper }: Kept, ms: number): void {
  for (let passed = 0; passed < ms; passed += minute) {
    clock.advance(Math.min(minute, ms - passed));
    keeper.look();
  }
}

test('the time is kept on disk each minute and at the end, and only grows', (t) => {
  const kept = begin(t);
  t.is(readKeptTime(kept.store)?.kept, start, 'from the first look on');
  pass(kept, 10 * minute);
  t.is(readKeptTime(kept.store)?.kept, start + 10 * minute);
  kept.clock.set(start + 9 * minute);
  kept.keeper.stop();
  t.is(readKeptTime(kept.store)?.kept, start + 10 * minute);
});

test('a clock that is set back is not trusted until it is right again', (t) => {
  const kept = begin(t);
  pass(kept, hour);
  kept.clock.set(start - day);
  kept.keeper.look();
  t.like(kept.keeper.view(), { standing: { system: start - day }, confirmed: start + hour });
  pass(kept, 10 * minute);
  t.is(kept.keeper.clock.now(), start + hour + 10 * minute);
  t.is(kept.keeper.view().confirmed, start + hour, 'time that was only counted is not confirmed');
  kept.clock.set(start + hour + 12 * minute);
  kept.keeper.look();
  t.is(kept.keeper.view().standing, null);
  t.is(kept.log.length, 2);
});

test('a clock that is held still, or set back a little again and again, is not trusted for long', (t) => {
  for (const back of [second, minute]) {
    const kept = begin(t);
    for (let passed = 0; passed < 20 * minute; passed += back) {
      kept.clock.advance(back + 0.25);
      kept.clock.set(start);
      kept.keeper.look();
    }
    t.not(kept.keeper.view().standing, null, `${back}`);
    t.true(kept.keeper.clock.now() > start + 19 * minute);
    t.true(Number.isInteger(kept.keeper.clock.standing()?.confirmed), 'records have whole milliseconds');
  }
});

test('small steps back, as NTP makes them, do not add up', (t) => {
  const kept = begin(t);
  for (let hours = 0; hours < 48; hours++) {
    pass(kept, hour);
    kept.clock.set(kept.clock.now() - 20 * second);
    kept.keeper.look();
    t.is(kept.keeper.view().standing, null);
  }
});

test('after a restart with a clock that is behind, the kept time counts, and grace from when it was confirmed', (t) => {
  const kept = begin(t);
  pass(kept, hour);
  kept.keeper.stop();
  const again = keep(t, kept.store, fakeClock(0));
  t.is(again.keeper.clock.now(), start + hour);
  pass(again, hour);
  again.keeper.stop();
  const third = keep(t, kept.store, fakeClock(0));
  t.like(third.keeper.view(), { kept: start + 2 * hour, confirmed: start + hour });
});

test('a machine that boots in 1970 with an empty state is behind the writing of this program', (t) => {
  const kept = begin(t, 0);
  t.like(kept.keeper.view(), { standing: { system: 0, kept: earliestPossible } });
});

test('a clock that leaps to 2080 and comes back has not moved the kept time', (t) => {
  const kept = begin(t);
  kept.clock.set(Date.UTC(2080, 0, 1));
  pass(kept, 3 * hour);
  t.like(kept.keeper.view(), { standing: null, leap: { too_far: true } });
  t.is(readKeptTime(kept.store)?.kept, start + 3 * hour);
  kept.clock.set(start + 3 * hour);
  kept.keeper.look();
  t.like(kept.keeper.view(), { standing: null, leap: null });
});

test('nothing that cannot be undone is done by a clock that leapt too far', (t) => {
  const kept = begin(t);
  kept.clock.set(Date.UTC(2080, 0, 1));
  t.is(kept.keeper.cautious.now(), start + 30 * day);
  kept.clock.set(start + 2 * day);
  t.is(kept.keeper.cautious.now(), start + 2 * day);
});

test('a leap is believed after the clock has gone on evenly for long enough, and not before', (t) => {
  const kept = begin(t);
  kept.clock.set(start + day);
  kept.keeper.look();
  pass(kept, hour - minute);
  t.is(kept.keeper.view().kept, start + hour - minute);
  pass(kept, minute);
  t.is(kept.keeper.view().kept, start + day + hour);
});

test('a clock that leaps again begins to settle anew', (t) => {
  const kept = begin(t);
  kept.clock.set(start + day);
  pass(kept, 50 * minute);
  kept.clock.set(start + 2 * day);
  pass(kept, 50 * minute);
  t.is(kept.keeper.view().kept, start + 100 * minute);
});

test('the newest CRL bears a time out, unless it is far from both the kept time and the clock', (t) => {
  const kept = begin(t);
  addCrl(kept.store, start + 20 * day);
  kept.keeper.look();
  t.like(kept.keeper.view(), { standing: { kept: start + 20 * day }, confirmed: start + 20 * day });
  addCrl(kept.store, Date.UTC(2080, 0, 1));
  kept.keeper.look();
  t.is(kept.keeper.view().kept, start + 20 * day);
});

test('a kept time that is wrong is reset by an operator, also while the server runs', (t) => {
  const store = temporaryStore(t);
  writeKeptTime(store, { kept: Date.UTC(2080, 0, 1), confirmed: Date.UTC(2080, 0, 1), resets: 0 });
  const kept = keep(t, store, fakeClock(start));
  t.not(kept.keeper.view().standing, null);
  resetKeptTime(store, { actor: 'night shift', why: 'the clock was in 2080', now: start });
  kept.keeper.look();
  t.like(kept.keeper.view(), { standing: null, kept: start });
  kept.keeper.stop();
  t.like(readKeptTime(store), { kept: start, resets: 1 });
});

function addCrl(store: Store, thisUpdate: number): void {
  store
    .prepare(
      `INSERT INTO crls (issuer_key, scope, delta, issuer, issuer_name, generation, this_update, next_update,
        imported_at, source, digest, entries) VALUES (?, '', 0, '', '', 1, ?, ?, 0, '', '', 0)`,
    )
    .run(`key ${thisUpdate}`, thisUpdate, thisUpdate + day);
}
