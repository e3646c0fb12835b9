import test from 'ava';
import { sha256Hex } from '../../../../src/lib/bytes.ts';
import {
  bundlePin,
  cameIntoForce,
  keepBundle,
  keptBundles,
  keptBytes,
  lastInForce,
  offeredBundles,
  pinBundle,
  unpinBundle,
} from '../../../../src/server/bundles/table.ts';
import type { Store } from '../../../../src/store/types.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';

function keep(store: Store, text: string, source = 'office', broughtAt = 1, most = 10): string {
  const bytes = Buffer.from(text);
  const digest = sha256Hex(bytes);
  const bundle = {
    ...{ digest, bytes, revision: text, source, location: `/${source}`, broughtAt },
    ...{ keyId: null, tested: 'by this', cases: 2 },
  };
  keepBundle(store, bundle, most);
  return digest;
}

const revisions = (store: Store): string[] => keptBundles(store).map(({ revision }) => revision);

test('a bundle is kept with its bytes, once, as what its source has brought last', (t) => {
  const store = temporaryStore(t);
  const one = keep(store, 'one');
  const two = keep(store, 'two');
  t.is(Buffer.from(keptBytes(store, one) ?? []).toString(), 'one');
  t.deepEqual(offeredBundles(store), [{ source: 'office', location: '/office', digest: two }]);
  keep(store, 'one', 'mirror', 9);
  t.like(keptBundles(store)[0], { revision: 'one', source: 'mirror', broughtAt: 9, turn: null });
  t.is(keptBundles(store).length, 2);
});

test('the one that came into force last is first; coming again is another turn', (t) => {
  const store = temporaryStore(t);
  const [one, two] = [keep(store, 'one'), keep(store, 'two')];
  const rules = { keep: 10, sources: ['office'] };
  cameIntoForce(store, one, 5, rules);
  cameIntoForce(store, two, 6, rules);
  t.is(lastInForce(store)?.digest, two);
  cameIntoForce(store, one, 7, rules);
  t.deepEqual(revisions(store), ['one', 'two']);
  t.is(lastInForce(store)?.inForceAt, 7);
  // Noted again by a start that goes on with it, it is in force for as long as before.
  cameIntoForce(store, one, 8, rules);
  t.is(lastInForce(store)?.inForceAt, 7);
});

test('so many are kept as asked, longest out of force first to go; never what is pinned or offered', (t) => {
  const store = temporaryStore(t);
  const rules = { keep: 3, sources: ['office', 'mirror'] };
  const mirrored = keep(store, 'mirrored', 'mirror');
  const pinned = keep(store, 'pinned');
  cameIntoForce(store, pinned, 1, rules);
  pinBundle(store, { digest: pinned, at: 1, actor: 'me', why: 'case 1' });
  for (let n = 1; n <= 5; n += 1) cameIntoForce(store, keep(store, `b${n}`), 1 + n, rules);
  t.deepEqual(revisions(store), ['b5', 'b4', 'b3', 'pinned', 'mirrored']);
  // What is configured no more offers nothing.
  cameIntoForce(store, keep(store, 'b6'), 9, { keep: 3, sources: ['office'] });
  t.false(offeredBundles(store).some(({ digest }) => digest === mirrored));
  t.deepEqual(revisions(store), ['b6', 'b5', 'b4', 'pinned']);
});

test('what was the last one in force comes into force anew when it is pinned, once', (t) => {
  const store = temporaryStore(t);
  const rules = { keep: 10, sources: ['office'] };
  const one = keep(store, 'one');
  cameIntoForce(store, one, 5, rules);
  pinBundle(store, { digest: one, at: 7, actor: 'me', why: 'case 1' });
  t.is(lastInForce(store)?.inForceAt, 5);
  // The server's clock may be a little behind that of the command line.
  cameIntoForce(store, one, 6, rules);
  t.is(lastInForce(store)?.inForceAt, 7);
  cameIntoForce(store, one, 9, rules);
  t.like(lastInForce(store), { inForceAt: 7, turn: 2 });
});

test('what is brought again and again and never comes into force does not pile up', (t) => {
  const store = temporaryStore(t);
  cameIntoForce(store, keep(store, 'in force'), 1, { keep: 3, sources: ['office', 'mirror'] });
  for (let n = 1; n <= 6; n += 1) keep(store, `m${n}`, 'mirror', n, 3);
  t.deepEqual(revisions(store), ['in force', 'm6', 'm5']);
});

test('bytes that are not those that were kept are nobody’s bundle', (t) => {
  const store = temporaryStore(t);
  const one = keep(store, 'one');
  store.prepare('UPDATE bundles SET bytes = ? WHERE digest = ?').run(Buffer.from('two'), one);
  t.throws(() => keptBytes(store, one), { code: 'PDP_BUNDLE_INVALID', message: /is damaged/ });
});

test('a pin and its end are changes that name who and why, and what was in force before', (t) => {
  const store = temporaryStore(t);
  const [one, two] = [keep(store, 'one'), keep(store, 'two')];
  cameIntoForce(store, two, 5, { keep: 10, sources: ['office'] });
  pinBundle(store, { digest: one, at: 7, actor: 'night shift', why: 'case 31' });
  t.like(bundlePin(store), { digest: one, actor: 'night shift', why: 'case 31' });
  t.throws(() => pinBundle(store, { digest: 'ff', at: 7, actor: 'me', why: 'x' }), { code: 'PDP_NOT_FOUND' });
  t.is(bundlePin(store)?.digest, one);
  t.like(unpinBundle(store, { at: 8, actor: 'day shift', why: 'mended' })?.pin, { digest: one });
  t.is(unpinBundle(store, { at: 9, actor: 'day shift', why: 'again' }), undefined);
  t.like(store.changesSince(0, 10), [
    { kind: 'policy.rollback', selector: one, actor: 'night shift', why: 'case 31', detail: { before: two } },
    {
      kind: 'policy.unpin',
      selector: one,
      actor: 'day shift',
      why: 'mended',
      detail: { pinned_for: 'case 31' },
    },
  ]);
});
