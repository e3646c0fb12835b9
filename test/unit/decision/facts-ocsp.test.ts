import test from 'ava';
import type { ExecutionContext } from 'ava';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { issueCa, issueLeaf } from '../../../src/ca/index.ts';
import type { LeafOptions } from '../../../src/ca/index.ts';
import { createObservedWriter } from '../../../src/inventory/observed/write.ts';
import { higherVersion } from '../../../src/inventory/firmware/version.ts';
import { saveAnswer } from '../../../src/revocation/ocsp/table.ts';
import { forgeAnswer } from '../../helpers/ocsp-forge.ts';
import { day, deviceId, hour, makeWorld, worldTime } from '../../helpers/world.ts';
import type { World } from '../../helpers/world.ts';

const noCheck = { oid: '1.3.6.1.5.5.7.48.1.5', critical: false, value: Buffer.from([5, 0]) };

async function begin(t: ExecutionContext): Promise<World> {
  const world = await makeWorld({
    configure: (document) => {
      document.revocation = { ocsp: { stapled: true } };
    },
  });
  t.teardown(world.close);
  return world;
}

/** The decision about a meter with a response that a responder of its CA signed. */
async function decide(world: World, responder: Partial<LeafOptions>, status: 'good' | 'revoked') {
  const { meters } = world.pki;
  const leaf = await world.leaf('meter/1');
  const signer = await issueLeaf(meters, {
    subject: 'CN=Responder',
    notBefore: worldTime - day,
    notAfter: worldTime + day,
    eku: ['1.3.6.1.5.5.7.3.9'],
    ...responder,
  });
  const stapledOcsp = forgeAnswer({
    issuer: meters,
    signer,
    certificates: [signer.der],
    singles: [{ serial: leaf.serial, status, thisUpdate: worldTime - hour, nextUpdate: worldTime + hour }],
  });
  const made = await world.decide(world.connect({ shows: leaf, also: { stapledOcsp } }));
  const [fact] = made.facts?.revocation ?? [];
  return { made, fact, codes: made.decision.reasons.map(({ code }) => code) };
}

test('a stapled answer of a delegated responder revokes where a CRL tells that the responder is not', async (t) => {
  const world = await begin(t);
  const { codes, made } = await decide(world, { serial: '0b01' }, 'revoked');
  t.deepEqual(codes, ['revocation.revoked']);
  t.is(made.decision.versions.crls.length, 2, 'no list is named that the path was not judged by');
});

test('one whose responder a CRL revokes counts for nothing, although it need not be checked', async (t) => {
  const world = await begin(t);
  const revoked = [{ serial: '0b02', at: worldTime - hour }];
  await world.importCrl('meters', { revoked });
  const { codes, fact } = await decide(world, { serial: '0b02', extensions: [noCheck] }, 'revoked');
  t.deepEqual(codes, ['policy.ok']);
  t.regex(fact?.ocsp?.stapled_problem ?? '', /has been revoked/);
});

test('without a CRL a responder is believed that need not be checked, and no other', async (t) => {
  const world = await begin(t);
  world.deps.store.transact(() => {
    const { store } = world.deps;
    store.prepare('DELETE FROM crls WHERE issuer_key = ?').run(world.pki.meters.keyDigest);
    store.change({
      tenant: 'default',
      at: worldTime,
      actor: 'test',
      why: '',
      kind: 'test',
      selector: '',
      detail: {},
    });
  });
  const checked = await decide(world, { extensions: [noCheck] }, 'good');
  t.deepEqual(checked.codes, ['policy.ok']);
  t.like(checked.fact, { status: 'good', source: 'ocsp:stapled' });
  t.is(checked.fact?.ocsp?.stapled?.signer_until, worldTime + day, 'an allow by it ends with its signer');
  const unchecked = await decide(world, {}, 'good');
  t.deepEqual(unchecked.codes, ['revocation.crl_missing']);
  t.regex(unchecked.fact?.ocsp?.stapled_problem ?? '', /may have been revoked/);
});

test('an answer about the CA of one name says nothing of certificates of another name of its key', async (t) => {
  const world = await makeWorld({
    configure: (document) => {
      document.revocation = { ocsp: { responders: [{ issuer: 'meters', url: 'http://ocsp.example/' }] } };
    },
  });
  t.teardown(world.close);
  const { fleet, meters } = world.pki;
  const { store } = world.deps;
  const good = {
    ...{ digest: '00'.repeat(32), produced_at: worldTime, reason: null, revoked_at: null },
    signer_key: meters.keyDigest,
    ...{ status: 'good' as const, this_update: worldTime - hour, next_update: worldTime + hour },
  };
  const saved = { issuerKey: meters.keyDigest, serial: '0a77', responder: '', now: worldTime, nextFetch: 0 };
  store.transact(() => void saveAnswer(store, { ...saved, answer: good }));
  const life = { notBefore: worldTime - day, notAfter: worldTime + 365 * day };
  const renamed = await issueCa(fleet, {
    subject: 'CN=Meters CA 2,O=Example',
    keyPair: meters.keys,
    ...life,
  });
  const serial = '0a77';
  const ocsp = async (issuer: typeof meters) => {
    const shows = await issueLeaf(issuer, {
      ...{ subject: 'CN=meter/1', san: { uri: ['spiffe://fleet.example/meter/1'] }, serial },
      ...{ notBefore: worldTime - hour, notAfter: worldTime + day },
    });
    const made = await world.decide(world.connect({ shows: [shows, issuer] }));
    return made.facts?.revocation[0]?.ocsp;
  };
  t.like(await ocsp(meters), { answer: { status: 'good' } });
  t.is(await ocsp(renamed), undefined);
});

/** A decision about a meter whose responder last answered a day ago, and of whose class devices go on for two. */
async function decideOffline(t: ExecutionContext, seenAt: number, answer: 'good' | 'unknown' = 'good') {
  const world = await makeWorld({
    now: worldTime - 3 * day,
    crls: { meters: null, fleet: { nextUpdate: worldTime + hour } },
    configure: (document) => {
      document.revocation = { ocsp: { responders: [{ issuer: 'meters', url: 'http://ocsp.example/' }] } };
      const { meter } = document['classes'] as Record<'meter', object>;
      Object.assign(meter, { grace: { state: '2d' } });
    },
  });
  t.teardown(world.close);
  world.clock.set(worldTime);
  const leaf = await world.leaf('meter/1', { serial: '0a77' });
  const { store } = world.deps;
  const { keyDigest: issuerKey } = world.pki.meters;
  const answered = {
    ...{ digest: '00'.repeat(32), produced_at: worldTime - 2 * day, reason: null, revoked_at: null },
    ...{ signer_key: issuerKey, status: answer, this_update: worldTime - 2 * day },
    next_update: worldTime - day,
  };
  const saved = { issuerKey, serial: '0a77', responder: '', now: worldTime, nextFetch: 0, answer: answered };
  const writer = createObservedWriter(store, {
    intervalMs: () => 0,
    certificatesPerDevice: () => 8,
    higher: higherVersion,
  });
  const { fingerprint, keyDigest: key, serial, notAfter } = parseCertificate(leaf.der);
  store.transact(() => {
    saveAnswer(store, saved);
    writer.write({
      ...{ tenant: 'default', device_id: deviceId('meter/1'), at: seenAt, allowed: true },
      ...{ gateway: 'envoy', network: null, firmware: null },
      certificate: { fingerprint, key, issuer_key: null, serial, not_after: notAfter },
    });
  });
  const { decision, facts } = await world.decide(world.connect({ shows: leaf }));
  return { codes: decision.reasons.map(({ code }) => code), until: decision.valid_until, facts };
}

test("a class's grace serves for answers of a responder that a site cannot reach, for who was known before", async (t) => {
  const known = await decideOffline(t, worldTime - day - hour);
  t.deepEqual(known.codes, ['revocation.stale_within_grace', 'policy.ok']);
  t.like(known.facts, { crl_grace: { class: 'meter', grace_s: 172_800 } });
  const late = await decideOffline(t, worldTime - day + hour);
  t.deepEqual(late.codes, ['revocation.ocsp_unavailable']);
});

test('a responder that knew nothing of a certificate lets nobody go on by grace', async (t) => {
  const { codes } = await decideOffline(t, worldTime - day - hour, 'unknown');
  t.deepEqual(codes, ['revocation.ocsp_unknown']);
});
