/** A hold that a delta has lifted counts again with the delta's end: how long what rests on that is believed. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { issueCa, issueLeaf } from '../../../src/ca/index.ts';
import type { Authority } from '../../../src/ca/index.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { judgeRevocation } from '../../../src/revocation/judge.ts';
import { createRevocationReader } from '../../../src/revocation/reader.ts';
import type { RevocationReader } from '../../../src/revocation/types.ts';
import type { Store } from '../../../src/store/types.ts';
import {
  crlOf,
  day,
  fleet,
  hour,
  importInto,
  life,
  minute,
  now,
  temporaryStore,
} from '../../helpers/crl-fixtures.ts';
import { deltaIndicator, distributionPoints, issuingPoint } from '../../helpers/crl-points.ts';

const { root, ca } = await fleet();
const signer = await issueCa(root, { subject: ca.subject, keyUsage: ['cRLSign'], ...life });
const [own, other] = ['http://crl.example/own.crl', 'http://crl.example/other.crl'] as const;
const leaf = await issueLeaf(ca, {
  subject: 'CN=Meter',
  serial: '0a',
  extensions: [distributionPoints({ uri: own })],
  ...life,
});
const path = [leaf, ca, root].map(({ der }) => parseCertificate(der));
const graceMs = 12 * hour;
/** One object, as of a configuration: what is remembered of signers is remembered by it. */
const revocation = { required: true, graceMs };

interface Listed {
  readonly issuer?: Authority;
  readonly serial?: string;
  /** The point that the list is of; the whole list where absent. */
  readonly uri?: string;
  readonly nextUpdate: number;
}

async function put(store: Store, number: number, { issuer = ca, serial, uri, nextUpdate }: Listed, base = 0) {
  const reason = base > 0 ? 'removeFromCRL' : 'certificateHold';
  const crl = await crlOf(issuer, {
    ...{ number, nextUpdate, thisUpdate: now - hour + number * minute },
    revoked: serial === undefined ? [] : [{ serial, at: now - hour, reason }],
    extensions: [
      ...(base > 0 ? [deltaIndicator(base)] : []),
      ...(uri === undefined ? [] : [issuingPoint({ uri })]),
    ],
  });
  await importInto(store, [root, ca, signer], crl);
}

/** A list with a hold, and its delta that lifts it for an hour. */
async function lift(store: Store, listed: Omit<Listed, 'nextUpdate'>) {
  await put(store, 5, { ...listed, nextUpdate: now + 20 * hour });
  await put(store, 6, { ...listed, nextUpdate: now + hour }, 5);
}

async function begin(t: ExecutionContext): Promise<Store> {
  const store = temporaryStore(t);
  await put(store, 1, { issuer: root, nextUpdate: now + 300 * day });
  return store;
}

function judge(reader: RevocationReader, store: Store, at: number) {
  const anchor = { certificate: path[2] as (typeof path)[number], revocation };
  const { facts, findings } = store.snapshot(() =>
    judgeRevocation({ certificates: path, anchor }, reader, at),
  );
  return { fact: facts[0], codes: findings.map(({ code }) => code) };
}

test('where a delta has lifted a hold, its own end counts: fresh, within grace and on hold again', async (t) => {
  const store = await begin(t);
  await lift(store, { serial: '0a' });
  const reader = createRevocationReader(store);
  const fresh = judge(reader, store, now);
  t.deepEqual(fresh.codes, ['revocation.removed_from_hold']);
  t.like(fresh.fact, {
    status: 'good',
    freshness: 'fresh',
    usable_until: now + hour,
    next_update: now + hour,
  });
  const late = judge(reader, store, now + hour);
  t.deepEqual(late.codes, ['revocation.stale_within_grace', 'revocation.removed_from_hold']);
  t.like(late.fact, { status: 'good', freshness: 'within_grace', usable_until: now + hour + graceMs });
  t.deepEqual(judge(reader, store, now + hour + graceMs).codes, ['revocation.on_hold']);
});

test('a hold on another part bounds what is known once it is lifted: it counts again as well', async (t) => {
  const store = await begin(t);
  await put(store, 1, { uri: own, nextUpdate: now + 20 * hour });
  await lift(store, { serial: '0a', uri: other });
  const reader = createRevocationReader(store);
  const fresh = judge(reader, store, now);
  t.deepEqual(fresh.codes, ['revocation.removed_from_hold']);
  t.like(fresh.fact, { status: 'good', freshness: 'fresh', usable_until: now + hour });
  const late = judge(reader, store, now + hour);
  t.deepEqual(late.codes, ['revocation.stale_within_grace', 'revocation.removed_from_hold']);
  t.deepEqual(judge(reader, store, now + hour + graceMs).codes, ['revocation.on_hold']);
});

test('a separate signer whose own hold was lifted is trusted until that delta’s end, and no longer', async (t) => {
  const store = await begin(t);
  await put(store, 1, { issuer: signer, nextUpdate: now + 20 * hour });
  await lift(store, { issuer: root, serial: signer.serial });
  const issuers = [root, ca, signer].map(({ der }) => parseCertificate(der));
  const reader = createRevocationReader(store, { issuers });
  t.is(judge(reader, store, now).fact?.status, 'good');
  t.is(judge(reader, store, now + hour).fact?.status, 'good', 'within grace');
  t.is(judge(reader, store, now + hour + graceMs).fact?.status, 'unknown', 'not as it was remembered');
});
