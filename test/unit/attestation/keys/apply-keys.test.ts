import test from 'ava';
import { createExaminer } from '../../../../src/attestation/examine.ts';
import { applyKeys } from '../../../../src/attestation/keys/apply-keys.ts';
import { createKeyReader } from '../../../../src/attestation/keys/key-reader.ts';
import { createKeyRing } from '../../../../src/attestation/keys/key-ring.ts';
import { keyStates } from '../../../../src/attestation/keys/key-states.ts';
import type { Verifier } from '../../../../src/attestation/types.ts';
import { generateKeys, publicJwk, signToken } from '../../../../src/ca/index.ts';
import type { Store } from '../../../../src/store/types.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';
import { claims, lab, now, other, setOf, verifier } from '../fixtures.ts';

const hour = 3_600_000;

function apply(store: Store, bytes: Uint8Array, at = now, source = 'https://verifier.example/keys') {
  return applyKeys(store, { verifier: 'lab', source, bytes, now: at, actor: 'server', why: 'test' });
}

async function published(changes: Partial<Verifier> = {}): Promise<Verifier> {
  return verifier({ source: 'https://verifier.example/keys', keys: [], ...changes });
}

const first = setOf(publicJwk(lab, 'lab-1'));
const second = setOf(publicJwk(other, 'lab-2'));

test('a set is kept, told once as a change, and read back', async (t) => {
  const store = temporaryStore(t);
  const applied = await apply(store, first);
  t.like(applied, { changed: true, keys: 1, removed: [] });
  t.is(applied.added.length, 1);
  const [change] = store.changesSince(0, 10);
  t.like(change, { kind: 'attestation.keys', selector: 'lab', actor: 'server', detail: { keys: 1 } });
  t.like(createKeyReader(store).keys('lab', 'https://verifier.example/keys'), [
    { kid: 'lab-1', goneAt: null },
  ]);
  t.like(await apply(store, first, now + 1), { changed: false });
  t.is(store.changesSince(0, 10).length, 1);
});

test('a key that vanished is accepted for the overlap, and to the millisecond no longer', async (t) => {
  const store = temporaryStore(t);
  await apply(store, first);
  t.like(await apply(store, second, now + 1000), { changed: true, keys: 1 });
  const lab = await published({ overlap: hour });
  const ring = createKeyRing([lab], createKeyReader(store));
  const kids = (at: number) =>
    ring
      .accepted(at)
      .map(({ key }) => key.kid)
      .sort();
  t.deepEqual(kids(now + 2000), ['lab-1', 'lab-2']);
  t.deepEqual(kids(now + 1000 + hour - 1), ['lab-1', 'lab-2']);
  t.deepEqual(kids(now + 1000 + hour), ['lab-2']);
  const none = createKeyRing([{ ...lab, overlap: 0 }], createKeyReader(store));
  t.deepEqual(
    none.accepted(now + 1000).map(({ key }) => key.kid),
    ['lab-2'],
  );
});

test('a key that vanished while the clock was in another century is not accepted until then', async (t) => {
  const store = temporaryStore(t);
  await apply(store, first);
  await apply(store, second, Date.UTC(2080, 0, 1));
  const ring = createKeyRing([await published({ overlap: hour })], createKeyReader(store));
  const kids = ring.accepted(now + 1000).map(({ key }) => key.kid);
  t.deepEqual(kids, ['lab-2']);
});

test('a key that comes back is published again', async (t) => {
  const store = temporaryStore(t);
  await apply(store, first);
  await apply(store, second, now + 1);
  t.like(await apply(store, first, now + 2), { changed: true });
  const ring = createKeyRing([await published({ overlap: 0 })], createKeyReader(store));
  t.like(ring.accepted(now + 3), [{ key: { kid: 'lab-1' }, until: null }]);
});

test('a set that cannot be used leaves the last good one', async (t) => {
  const store = temporaryStore(t);
  await apply(store, first);
  await t.throwsAsync(apply(store, Buffer.from('<html>'), now + 1), { code: 'PDP_KEYS_INVALID' });
  await t.throwsAsync(apply(store, setOf(), now + 1), { code: 'PDP_KEYS_INVALID' });
  const ring = createKeyRing([await published()], createKeyReader(store));
  t.like(ring.accepted(now + 2), [{ key: { kid: 'lab-1' }, until: null }]);
  t.is(store.changesSince(0, 10).length, 1);
});

test('another place is another publisher: its keys do not count', async (t) => {
  const store = temporaryStore(t);
  await apply(store, first, now, 'https://elsewhere.example/keys');
  t.deepEqual(createKeyRing([await published()], createKeyReader(store)).accepted(now), []);
});

test('a blocked key counts neither published nor within its overlap', async (t) => {
  const store = temporaryStore(t);
  const { added } = await apply(store, first);
  const blocked = await published({ blockedKeys: new Set(added) });
  const ring = createKeyRing([blocked], createKeyReader(store));
  t.deepEqual(ring.accepted(now), []);
  t.is(ring.acceptedUntil(blocked, added[0] ?? '', now), undefined);
});

test('the configured file counts before what the store remembers of it', async (t) => {
  const store = temporaryStore(t);
  await apply(store, first, now, 'lab.jwks');
  await apply(store, second, now + 1, 'lab.jwks');
  const lab = await verifier({ source: 'lab.jwks', overlap: 0 });
  const ring = createKeyRing([lab], createKeyReader(store));
  t.deepEqual(
    ring.accepted(now + 2).map(({ key, until }) => [key.kid, until]),
    [
      ['lab-1', null],
      ['lab-2', null],
    ],
  );
});

test('a result that a vanished key signed ends with the overlap', async (t) => {
  const store = temporaryStore(t);
  await apply(store, first);
  await apply(store, second, now);
  const lab1 = await published({ overlap: hour });
  const ring = createKeyRing([lab1], createKeyReader(store));
  const found = await createExaminer(ring).examine(signToken(lab, claims(), { kid: 'lab-1' }), now);
  t.is('key' in found && ring.acceptedUntil(lab1, found.key, now), now + hour);
  t.is('key' in found && ring.acceptedUntil(lab1, found.key, now + hour), undefined);
});

test('what vanished long ago is forgotten', async (t) => {
  const store = temporaryStore(t);
  await apply(store, first);
  await apply(store, second, now + 1);
  await apply(store, setOf(publicJwk(other, 'lab-3')), now + 91 * 24 * hour);
  t.deepEqual(
    createKeyReader(store)
      .keys('lab', 'https://verifier.example/keys')
      .map(({ kid }) => kid),
    ['lab-3'],
  );
});

test('a verifier that changes its keys without end is refused at a limit', async (t) => {
  const store = temporaryStore(t);
  for (let at = 0; at < 2; at++) {
    const keys = await Promise.all(Array.from({ length: 64 }, () => generateKeys('ed25519')));
    await apply(store, setOf(...keys.map((pair, index) => publicJwk(pair, `${at}-${index}`))), now + at);
  }
  await t.throwsAsync(apply(store, first, now + 5), { code: 'PDP_LIMIT_EXCEEDED' });
  t.is(createKeyReader(store).keys('lab', 'https://verifier.example/keys').length, 128);
});

test('a token is tried with eight keys at most', async (t) => {
  const verifiers = await Promise.all(
    Array.from({ length: 12 }, async (_, at) => verifier({ name: `v${at}` })),
  );
  const ring = createKeyRing(verifiers, { keys: () => [] });
  t.is(ring.candidates({ kid: 'lab-1' }, now).length, 8);
});

test('status tells each verifier with the keys that count, also one without any', async (t) => {
  const store = temporaryStore(t);
  const lab1 = await published({ overlap: hour });
  const ring = createKeyRing([lab1], createKeyReader(store));
  t.deepEqual(keyStates([lab1], ring, now), [
    { verifier: 'lab', source: 'https://verifier.example/keys', keys: [] },
  ]);
  await apply(store, first);
  await apply(store, second, now);
  const [state] = keyStates([lab1], ring, now);
  t.deepEqual(state?.keys.map(({ kid, accepted_until: until }) => [kid, until]).sort(), [
    ['lab-1', '2026-06-01T13:00:00.000Z'],
    ['lab-2', null],
  ]);
});
