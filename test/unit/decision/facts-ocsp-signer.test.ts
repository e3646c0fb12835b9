/** A kept OCSP answer counts for as long as whoever signed it would be believed today. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { readRecord } from '../../../src/audit/read-record.ts';
import { buildRecord, recordBytes } from '../../../src/audit/record.ts';
import { createRoot, issueLeaf } from '../../../src/ca/index.ts';
import type { Authority, LeafOptions } from '../../../src/ca/index.ts';
import { concludeAgain } from '../../../src/decision/replay.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import type { Certificate } from '../../../src/identity/types.ts';
import { formatInstant } from '../../../src/lib/clock.ts';
import { parseCrl } from '../../../src/revocation/parse-crl.ts';
import { parseOcspResponse } from '../../../src/revocation/ocsp/parse-response.ts';
import { saveAnswer } from '../../../src/revocation/ocsp/table.ts';
import { verifyOcspResponse } from '../../../src/revocation/ocsp/verify-response.ts';
import { deltaIndicator } from '../../helpers/crl-points.ts';
import { forgeAnswer } from '../../helpers/ocsp-forge.ts';
import { day, hour, makeWorld, worldTime } from '../../helpers/world.ts';
import type { World } from '../../helpers/world.ts';

const noCheck = { oid: '1.3.6.1.5.5.7.48.1.5', critical: false, value: Buffer.from([5, 0]) };
const serial = '0a77';

/** A world whose meters' CA has a responder, and has published no CRL, or this one. */
async function begin(t: ExecutionContext, crlUntil?: number): Promise<World> {
  const world = await makeWorld({
    configure: (document) => {
      document.revocation = { ocsp: { responders: [{ issuer: 'meters', url: 'http://ocsp.example/' }] } };
      const { meter } = document['classes'] as Record<'meter', object>;
      Object.assign(meter, { ttl: '30d' });
    },
    crls: {
      fleet: { nextUpdate: worldTime + 30 * day },
      meters: crlUntil === undefined ? null : { nextUpdate: crlUntil },
    },
  });
  t.teardown(world.close);
  return world;
}

function responder(world: World, o: Partial<LeafOptions> = {}): Promise<Authority> {
  return issueLeaf(world.pki.meters, {
    ...{ subject: 'CN=Responder', serial: '0b02', eku: ['1.3.6.1.5.5.7.3.9'], extensions: [noCheck] },
    ...{ notBefore: worldTime - day, notAfter: worldTime + 2 * day },
    ...o,
  });
}

interface Kept {
  readonly status?: 'good' | 'revoked' | 'unknown';
  readonly signers?: readonly Certificate[];
  readonly thisUpdate?: number;
}

/** Keeps an answer of a week, as the server does that has asked for it. */
function keep(world: World, signer: Authority, { status = 'good', signers = [], ...o }: Kept = {}): void {
  const { meters } = world.pki;
  const { store } = world.deps;
  const { thisUpdate = worldTime - hour } = o;
  const bytes = forgeAnswer({
    ...{ issuer: meters, signer, certificates: signers.length > 0 ? [] : [signer.der] },
    singles: [{ serial, status, thisUpdate, nextUpdate: worldTime + 7 * day }],
  });
  const issuer = parseCertificate(meters.der);
  const { answer, problem } = verifyOcspResponse(parseOcspResponse(bytes), {
    ...{ issuer, serial, now: world.clock.now(), signers, signerStatus: () => 'good' as const },
  });
  if (!answer) throw new Error(problem);
  const saved = { issuerKey: meters.keyDigest, serial, answer, responder: '', nextFetch: 0 };
  store.transact(() => saveAnswer(store, { ...saved, now: world.clock.now() }));
}

async function decide(world: World, at: number, deps: Partial<World['deps']> = {}) {
  world.clock.set(at);
  const validity = { notBefore: worldTime - day, notAfter: worldTime + 60 * day };
  const shows = await world.leaf('meter/1', { serial, ...validity });
  const made = await world.decide(world.connect({ shows }), { deps });
  const codes = made.decision.reasons.map(({ code }) => code);
  return { made, codes, fact: made.facts?.revocation[0], until: made.decision.valid_until };
}

const unavailable = ['revocation.ocsp_unavailable'];

test('a kept answer counts no longer than its responder’s certificate, and an allow by it ends there', async (t) => {
  const world = await begin(t);
  keep(world, await responder(world));
  const now = await decide(world, worldTime);
  t.deepEqual(now.codes, ['policy.ok']);
  t.like(now.fact, { status: 'good', freshness: 'fresh', usable_until: worldTime + 2 * day });
  t.is(now.until, formatInstant(worldTime + 2 * day));
  t.deepEqual((await decide(world, worldTime + 2 * day - 1)).codes, ['policy.ok']);
  const late = await decide(world, worldTime + 2 * day);
  t.deepEqual(late.codes, unavailable);
  t.is(late.fact?.ocsp?.answer, null, 'so that it is asked for again');
});

test('an answer of the CA itself counts until its own end', async (t) => {
  const world = await begin(t);
  keep(world, world.pki.meters);
  const { codes, fact } = await decide(world, worldTime + 6 * day);
  t.deepEqual(codes, ['policy.ok']);
  t.like(fact, { usable_until: worldTime + 7 * day });
  t.false('signer_until' in (fact?.ocsp?.answer ?? {}));
});

test('a kept answer counts for nothing once a CRL revokes its responder, stale as that CRL may be', async (t) => {
  const world = await begin(t, worldTime + hour);
  const signer = await responder(world, { notAfter: worldTime + 30 * day });
  keep(world, signer);
  t.deepEqual((await decide(world, worldTime + 2 * day)).codes, ['policy.ok']);
  const revoked = [{ serial: '0b02', at: worldTime }];
  await world.importCrl('meters', { revoked, thisUpdate: worldTime, nextUpdate: worldTime + 2 * hour });
  keep(world, signer);
  const after = await decide(world, worldTime + 2 * day);
  t.deepEqual(after.codes, ['revocation.crl_stale', ...unavailable]);
  t.is(after.fact?.ocsp?.answer, null);
});

test('what a revoked responder said is revoked stays so', async (t) => {
  const world = await begin(t, worldTime + hour);
  const signer = await responder(world);
  await world.importCrl('meters', { revoked: [{ serial: '0b02', at: worldTime }] });
  keep(world, signer, { status: 'revoked' });
  t.deepEqual((await decide(world, worldTime)).codes, ['revocation.revoked']);
  t.deepEqual((await decide(world, worldTime + 5 * day)).codes, ['revocation.revoked']);
});

test('a responder that has to be checked counts only while a CRL says that it is good', async (t) => {
  const world = await begin(t, worldTime + hour);
  keep(world, await responder(world, { extensions: [] }));
  t.deepEqual((await decide(world, worldTime)).codes, ['policy.ok']);
  t.deepEqual((await decide(world, worldTime + day)).codes, ['revocation.crl_stale', ...unavailable]);
});

test('an allow by a responder that a CRL finds good ends where that CRL does', async (t) => {
  const world = await begin(t, worldTime + hour);
  keep(world, await responder(world, { extensions: [] }));
  const { codes, fact } = await decide(world, worldTime + 2 * hour);
  t.deepEqual(codes, ['policy.ok'], 'its CRL is within grace, and the answer is fresh');
  t.like(fact, { source: 'ocsp:http://ocsp.example/', usable_until: worldTime + 13 * hour });
});

test('a hold of a responder that a delta has lifted counts again with the end of the delta', async (t) => {
  const world = await begin(t, worldTime + hour);
  const entry = (reason: string) => ({ revoked: [{ serial: '0b02', at: worldTime - 2 * hour, reason }] });
  await world.importCrl('meters', { number: 10, ...entry('certificateHold'), nextUpdate: worldTime + hour });
  const delta = { number: 11, extensions: [deltaIndicator(10)], nextUpdate: worldTime + 2 * hour };
  await world.importCrl('meters', { ...entry('removeFromCRL'), ...delta });
  keep(world, await responder(world));
  const { facts } = (await decide(world, worldTime + hour)).made;
  t.like(facts?.revocation[0]?.ocsp?.answer, { signer_until: worldTime + 2 * hour });
  t.deepEqual((await decide(world, worldTime + 14 * hour)).codes, ['revocation.crl_stale', ...unavailable]);
});

test('an answer of a signer counts while the configuration names that one, and at once no longer', async (t) => {
  const world = await begin(t);
  const outside = await createRoot({
    ...{ subject: 'CN=Outside', notBefore: worldTime - day, notAfter: worldTime + 3 * day },
  });
  const signers = [parseCertificate(outside.der)];
  keep(world, outside, { signers });
  const { ocsp } = world.deps;
  const responders = new Map([...ocsp.responders].map(([key, one]) => [key, { ...one, signers }]));
  const named = { ocsp: { ...ocsp, responders } };
  const now = await decide(world, worldTime, named);
  t.deepEqual(now.codes, ['policy.ok']);
  t.like(now.fact, { usable_until: worldTime + 3 * day });
  const ended = await decide(world, worldTime + 3 * day, named);
  t.deepEqual(ended.codes, unavailable);
  t.is(ended.fact?.ocsp?.answer, null);
  t.deepEqual((await decide(world, worldTime)).codes, unavailable);
});

test('a renewed answer of another signer is read although nothing else has changed', async (t) => {
  const world = await begin(t);
  keep(world, await responder(world));
  t.deepEqual((await decide(world, worldTime)).codes, ['policy.ok']);
  t.deepEqual((await decide(world, worldTime + 3 * day)).codes, unavailable);
  keep(world, await responder(world, { serial: '0b03', notAfter: worldTime + 30 * day }), {
    thisUpdate: worldTime + 2 * day,
  });
  t.deepEqual((await decide(world, worldTime + 3 * day)).codes, ['policy.ok']);
});

test('a decision by a delegate’s answer is recorded with the signer’s end, and concludes to the same again', async (t) => {
  const world = await begin(t);
  keep(world, await responder(world));
  const { made } = await decide(world, worldTime);
  const record = readRecord(recordBytes(buildRecord(made)));
  t.is(record.facts?.revocation[0]?.ocsp?.answer?.signer_until, worldTime + 2 * day);
  const { differences } = concludeAgain(record, {
    engine: world.deps.policy(),
    settings: world.config,
    trust: world.deps.trust,
    crl: (digest) => {
      const der = world.crlBytes(digest);
      return der && parseCrl(der);
    },
    program: world.deps.program,
  });
  t.deepEqual(differences, []);
});
