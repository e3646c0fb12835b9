import test from 'ava';
import { createOcspReader } from '../../../../src/revocation/ocsp/reader.ts';
import {
  countAnswers,
  makeDue,
  noteUses,
  pruneAnswers,
  readDue,
  saveAnswer,
  saveFailure,
} from '../../../../src/revocation/ocsp/table.ts';
import type { OcspAnswer } from '../../../../src/revocation/ocsp/types.ts';
import type { Store } from '../../../../src/store/types.ts';
import { day, hour, minute, now, temporaryStore } from '../../../helpers/crl-fixtures.ts';
import { anyChange } from '../../../helpers/temporary-store.ts';

const issuerKey = 'ab'.repeat(32);

function answer(o: Partial<OcspAnswer> = {}): OcspAnswer {
  return {
    ...{ digest: 'cd'.repeat(32), produced_at: now, reason: null, revoked_at: null, status: 'good' as const },
    ...{ signer_key: issuerKey, this_update: now, next_update: now + hour },
    ...o,
  };
}

function save(store: Store, o: Partial<OcspAnswer> = {}, serial = 'a1'): boolean {
  const saved = { issuerKey, serial, responder: 'http://ocsp.example/', now, nextFetch: now + minute };
  return store.transact(() => saveAnswer(store, { ...saved, answer: answer(o) }));
}

test('an answer is kept whole, the newest one, and none that is older than what is known', (t) => {
  const store = temporaryStore(t);
  const reader = createOcspReader(store);
  const read = () => store.snapshot(() => reader.answer(issuerKey, 'a1', () => false));
  t.is(read(), null);
  const revoked = { status: 'revoked', reason: 'keyCompromise', revoked_at: now - day } as const;
  t.true(save(store, revoked));
  t.deepEqual(read(), answer(revoked));
  t.false(save(store, { this_update: now - 1 }), 'an old good one takes nothing back');
  t.false(save(store), 'nor does one of the same time');
  t.deepEqual(read(), answer(revoked));
  t.true(save(store, { this_update: now + 1 }));
  t.is(read()?.status, 'good');
  t.is(
    store.snapshot(() => reader.answer('00'.repeat(32), 'a1', () => true)),
    null,
  );
});

test('a responder that does not know a certificate any more takes no revocation back', (t) => {
  const store = temporaryStore(t);
  const reader = createOcspReader(store);
  const read = () => store.snapshot(() => reader.answer(issuerKey, 'a1', () => false))?.status;
  save(store, { status: 'revoked', reason: 'keyCompromise' });
  t.false(save(store, { this_update: now + 1, status: 'unknown' }));
  t.is(read(), 'revoked');
  t.true(save(store, { this_update: now + 2 }));
  t.true(save(store, { this_update: now + 3, status: 'unknown' }));
  t.is(read(), 'unknown');
});

test('what changes a known status, or revokes, is a change of state; a first or renewed good is none', (t) => {
  const store = temporaryStore(t);
  const kinds = () =>
    store.changesSince(0, 10).map(({ kind, detail }) => [kind, detail['before'], detail['status']]);
  save(store);
  save(store, { this_update: now + 1 });
  save(store, { status: 'unknown' }, 'a2');
  t.deepEqual(kinds(), []);
  save(store, { this_update: now + 2, status: 'revoked', reason: 'unspecified' });
  save(store, { status: 'on_hold', reason: 'certificateHold' }, 'a3');
  save(store, { this_update: now + 3 });
  t.deepEqual(kinds(), [
    ['ocsp.answer', 'good', 'revoked'],
    ['ocsp.answer', null, 'on_hold'],
    ['ocsp.answer', 'revoked', 'good'],
  ]);
});

test('a remembered answer is told while it suffices, and forgotten with any change of state', (t) => {
  const store = temporaryStore(t);
  const reader = createOcspReader(store);
  const read = (suffices: boolean) => store.snapshot(() => reader.answer(issuerKey, 'a1', () => suffices));
  t.is(read(true), null);
  save(store);
  t.is(read(true)?.this_update, now, 'that there was none is not remembered');
  save(store, { this_update: now + 1 });
  t.is(read(true)?.this_update, now);
  t.is(read(false)?.this_update, now + 1);
  save(store, { this_update: now + 2 });
  store.transact(() => void store.change(anyChange()));
  t.is(read(true)?.this_update, now + 2);
  save(store, { this_update: now + 3, status: 'revoked', reason: 'unspecified' });
  t.is(read(true)?.status, 'revoked', 'at once, whatever would suffice');
});

test('certificates are due when they are used first, later at their time, and not while they are not in use', (t) => {
  const store = temporaryStore(t);
  const due = (at: number) =>
    readDue(store, { issuerKey, now: at, usedSince: at - day, limit: 10 }).map(({ serial }) => serial);
  const use = (at: number, ...serials: string[]) =>
    store.transact(() =>
      noteUses(
        store,
        serials.map((serial) => ({ issuerKey, serial })),
        at,
      ),
    );
  use(now, 'a1', 'a2');
  t.deepEqual(due(now).sort(), ['a1', 'a2']);
  save(store);
  t.deepEqual(due(now), ['a2']);
  t.deepEqual(due(now + minute).sort(), ['a1', 'a2']);
  store.transact(() => saveFailure(store, { issuerKey, serial: 'a2', failures: 3 }, now + hour));
  t.deepEqual(due(now + minute), ['a1']);
  t.is(readDue(store, { issuerKey, now: now + hour, usedSince: now - day, limit: 10 })[1]?.failures, 3);
  t.deepEqual(due(now + 2 * day), []);
  use(now + 2 * day, 'a1');
  t.deepEqual(due(now + 2 * day), ['a1'], 'used again');
  makeDue(store, now + 2 * day, now + day, 10);
  t.deepEqual(due(now + 2 * day), ['a1']);
});

test('a time to ask that a clock in another century noted does not keep a certificate in use from being asked about', (t) => {
  const store = temporaryStore(t);
  const use = (at: number) => store.transact(() => noteUses(store, [{ issuerKey, serial: 'a1' }], at));
  const leapt = Date.UTC(2080, 0, 1);
  use(leapt);
  store.transact(() => saveFailure(store, { issuerKey, serial: 'a1', failures: 1 }, leapt + minute));
  const due = () => readDue(store, { issuerKey, now, usedSince: now - day, limit: 10 }).length;
  t.is(due(), 0);
  use(now);
  t.is(due(), 1);
  store.transact(() => saveFailure(store, { issuerKey, serial: 'a1', failures: 0 }, now + 7 * day));
  use(now);
  t.is(due(), 0, 'an answer of a week is left alone');
});

test('what is not used for long is forgotten, unless it revokes; counts tell what is there', (t) => {
  const store = temporaryStore(t);
  save(store);
  save(store, { status: 'revoked', reason: 'unspecified' }, 'a2');
  save(store, { status: 'unknown' }, 'a3');
  store.transact(() => noteUses(store, [{ issuerKey, serial: 'a4' }], now));
  const counts = { good: 1, revoked: 1, unknown: 1, unanswered: 1, oldest: now, nextFetch: now };
  t.deepEqual(countAnswers(store, issuerKey, now - day), counts);
  t.is(pruneAnswers(store, now, 10), 0);
  t.is(pruneAnswers(store, now + 1, 2), 2);
  t.is(pruneAnswers(store, now + 1, 10), 1);
  t.like(countAnswers(store, issuerKey, now - day), { good: 0, revoked: 1, unknown: 0, unanswered: 0 });
});
