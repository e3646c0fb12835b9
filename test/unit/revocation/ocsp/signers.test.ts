/** What is kept of whoever signed answers. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { issueLeaf } from '../../../../src/ca/index.ts';
import type { Authority, CrlOptions } from '../../../../src/ca/index.ts';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import { createOcspReader } from '../../../../src/revocation/ocsp/reader.ts';
import { noteUses, readDue, saveAnswer } from '../../../../src/revocation/ocsp/table.ts';
import type { AnswerSigner } from '../../../../src/revocation/ocsp/types.ts';
import type { Store } from '../../../../src/store/types.ts';
import {
  crlOf,
  day,
  fleet,
  hour,
  importInto,
  life,
  now,
  temporaryStore,
} from '../../../helpers/crl-fixtures.ts';
import { deltaIndicator } from '../../../helpers/crl-points.ts';

const { root, ca } = await fleet();
const issuer = parseCertificate(ca.der);
const issuerKey = issuer.keyDigest;
const delegate = await issueLeaf(ca, {
  ...{ subject: 'CN=Responder', serial: '0b02', eku: ['1.3.6.1.5.5.7.3.9'] },
  ...{ notBefore: now - day, notAfter: now + 2 * day },
});

type Role = AnswerSigner['role'];

interface Saved {
  readonly status?: 'good' | 'unknown' | 'revoked';
  readonly serial?: string;
  readonly at?: number;
  /** Whether it is told who signed. */
  readonly told?: boolean;
}

function save(store: Store, by: Authority, role: Role, { status = 'good', serial = 'a1', ...o }: Saved = {}) {
  const { at = now, told = true } = o;
  const certificate = parseCertificate(by.der);
  const answer = {
    ...{ digest: 'cd'.repeat(32), produced_at: at, reason: null, revoked_at: null, status },
    ...{ signer_key: certificate.keyDigest, this_update: at, next_update: at + 7 * day },
    ...(told && { signer: { certificate, role } }),
  };
  const saved = { issuerKey, serial, answer, responder: '', now: at, nextFetch: at + 3 * day };
  return store.transact(() => saveAnswer(store, saved));
}

function signerOf(store: Store, by: Authority): string | undefined {
  const reader = createOcspReader(store);
  return store.snapshot(() => reader.signer(issuerKey, parseCertificate(by.der).keyDigest))?.fingerprint;
}

function due(store: Store, at: number): readonly string[] {
  const asked = { issuerKey, now: at, usedSince: 0, limit: 10 };
  return readDue(store, asked)
    .map(({ serial }) => serial)
    .toSorted();
}

function statusOf(store: Store, serial = 'a1') {
  const reader = createOcspReader(store);
  return store.snapshot(() => reader.answer(issuerKey, serial, () => false))?.status;
}

test('the certificate of a delegate is kept with its answer, that of the CA or of a configured signer is not', async (t) => {
  const store = temporaryStore(t);
  t.is(signerOf(store, delegate), undefined);
  save(store, delegate, 'delegate');
  t.is(signerOf(store, delegate), delegate.fingerprint);
  save(store, ca, 'issuer', { serial: 'a2' });
  t.is(signerOf(store, ca), undefined);
  save(store, root, 'configured', { serial: 'a3' });
  t.is(signerOf(store, root), undefined);
  save(store, delegate, 'configured', { serial: 'a4' });
  t.is(signerOf(store, delegate), delegate.fingerprint, 'one that is configured as well stays a delegate');
  const renewed = await issueLeaf(ca, { subject: 'CN=Responder', keyPair: delegate.keys, ...life });
  const reader = createOcspReader(store);
  const read = () => store.snapshot(() => reader.signer(issuerKey, renewed.keyDigest))?.fingerprint;
  t.is(read(), delegate.fingerprint);
  save(store, renewed, 'delegate', { serial: 'a5' });
  t.is(
    read(),
    renewed.fingerprint,
    'a new certificate of its key takes its place, for who read the old one too',
  );
});

test('a signer that has expired is forgotten when another one comes', async (t) => {
  const store = temporaryStore(t);
  save(store, delegate, 'delegate');
  const next = await issueLeaf(ca, { subject: 'CN=Responder 2', ...life });
  save(store, next, 'delegate', { serial: 'a2', at: now + 3 * day });
  t.is(signerOf(store, delegate), undefined);
  t.is(signerOf(store, next), next.fingerprint);
});

test('an answer is asked for again at half of the time until its signer expires, and no sooner for what revokes', (t) => {
  const store = temporaryStore(t);
  save(store, delegate, 'delegate');
  save(store, delegate, 'delegate', { serial: 'a2', status: 'revoked' });
  save(store, ca, 'issuer', { serial: 'a3' });
  t.deepEqual(due(store, now + day - 1), []);
  t.deepEqual(due(store, now + day), ['a1']);
  t.deepEqual(due(store, now + 3 * day), ['a1', 'a2', 'a3']);
});

test('an answer of which nobody knows any more who signed it is asked for again with the next use', (t) => {
  const store = temporaryStore(t);
  save(store, delegate, 'delegate', { told: false });
  save(store, delegate, 'delegate', { serial: 'a2', status: 'revoked', told: false });
  save(store, ca, 'issuer', { serial: 'a3', told: false });
  const use = (...serials: string[]) =>
    store.transact(() =>
      noteUses(
        store,
        serials.map((serial) => ({ issuerKey, serial })),
        now + 1,
      ),
    );
  t.deepEqual(due(store, now + 1), []);
  use('a1', 'a2', 'a3');
  t.deepEqual(due(store, now + 1), ['a1']);
  save(store, delegate, 'delegate');
  use('a1');
  t.deepEqual(due(store, now + 1), [], 'now it is known');
});

async function list(t: ExecutionContext) {
  const store = temporaryStore(t);
  save(store, delegate, 'delegate');
  save(store, delegate, 'delegate', { serial: 'a2', status: 'revoked' });
  save(store, ca, 'issuer', { serial: 'a3' });
  const put = async (number: number, reason?: string, o: Partial<CrlOptions> = {}) => {
    const revoked = reason === undefined ? [] : [{ serial: '0b02', at: now - hour, reason }];
    await importInto(store, [root, ca], await crlOf(ca, { number, revoked, ...o }), now + 1);
  };
  const kinds = () => store.changesSince(0, 50).map(({ kind }) => kind);
  return { store, put, kinds };
}

test('what a delegate said is forgotten with the CRL that lists it, but for what revokes, and asked for again', async (t) => {
  const { store, put, kinds } = await list(t);
  await put(1);
  t.is(statusOf(store), 'good');
  t.false(kinds().includes('ocsp.forget'));
  await put(2, 'keyCompromise');
  t.deepEqual(
    ['a1', 'a2', 'a3'].map((serial) => statusOf(store, serial)),
    [undefined, 'revoked', 'good'],
  );
  t.deepEqual(due(store, now + 1), ['a1']);
  t.deepEqual(kinds().slice(-2), ['crl.import', 'ocsp.forget']);
});

test('a hold of a delegate that a delta has lifted makes nothing forgotten again', async (t) => {
  const { store, put } = await list(t);
  await put(1, 'certificateHold');
  t.is(statusOf(store), undefined);
  await put(2, 'removeFromCRL', { extensions: [deltaIndicator(1)] });
  save(store, delegate, 'delegate');
  await put(3, 'certificateHold');
  t.is(statusOf(store), 'good');
});

test('a signer that cannot be read counts for nothing, and keeps no CRL out', async (t) => {
  const { store, put, kinds } = await list(t);
  store.transact(() => void store.prepare(`UPDATE meta SET value = '1 AAAA' WHERE key LIKE 'ocsp%'`).run());
  t.is(signerOf(store, delegate), undefined);
  await put(1, 'keyCompromise');
  t.is(kinds().at(-1), 'crl.import');
});
