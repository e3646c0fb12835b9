import type { RequestListener } from 'node:http';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createRoot } from '../../../../src/ca/index.ts';
import type { Config } from '../../../../src/config/types.ts';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import type { OcspResponder } from '../../../../src/revocation/ocsp/knowledge.ts';
import { createOcspReader } from '../../../../src/revocation/ocsp/reader.ts';
import { startOcsp } from '../../../../src/server/ocsp/start-ocsp.ts';
import type { OcspInForce } from '../../../../src/server/ocsp/start-ocsp.ts';
import { readSourceState } from '../../../../src/store/source-states.ts';
import { httpSource } from '../../../helpers/http-source.ts';
import type { HttpSource } from '../../../helpers/http-source.ts';
import { forgeAnswer } from '../../../helpers/ocsp-forge.ts';
import type { ForgedSingle } from '../../../helpers/ocsp-forge.ts';
import { until } from '../../../helpers/server.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';

const hour = 3_600_000;
const ca = await createRoot({
  subject: 'CN=CA',
  notBefore: Date.now() - hour,
  notAfter: Date.now() + 24 * hour,
});
const issuer = parseCertificate(ca.der);
const issuerKey = issuer.keyDigest;

/** Answers about every certificate that is asked about, which stand at the end of the request. */
function answers(status: ForgedSingle['status'], serials = ['a1']): RequestListener {
  return (_request, response) => {
    const times = { thisUpdate: Date.now() - 1000, nextUpdate: Date.now() + hour };
    const singles = serials.map((serial) => ({ serial, ...times, ...(status && { status }) }));
    response.end(forgeAnswer({ issuer: ca, singles }));
  };
}

async function begin(t: ExecutionContext, first: RequestListener, more: Partial<OcspResponder> = {}) {
  const source: HttpSource = await httpSource(t, (request, response) => {
    response.setHeader('transfer-encoding', 'chunked');
    first(request, response);
  });
  const store = temporaryStore(t);
  const responder: OcspResponder = {
    ...{ name: 'ca', issuer, url: `${source.origin}/`, ca: null, nonce: 'optional', hash: 'sha1' },
    ...{ signers: [], ratePerSecond: 100, timeout: 2000, maxAge: null },
    ...more,
  };
  const inForce: { current: OcspInForce } = {
    current: {
      config: { trust: { anchors: [] }, revocation: { coverage: [] } } as unknown as Config,
      authorities: { trust: { anchors: [], intermediates: [], digest: '' }, pepCas: [] },
      responders: new Map([[issuerKey, responder]]),
    },
  };
  const told: string[] = [];
  const ocsp = startOcsp({
    ...{ store, clock: systemClock, inForce: () => inForce.current, random: () => 0 },
    log: (line) => told.push(line),
  });
  t.teardown(() => ocsp.stop());
  const reader = createOcspReader(store);
  const status = (serial = 'a1') =>
    store.snapshot(() => reader.answer(issuerKey, serial, () => false))?.status;
  return { source, store, ocsp, told, status, inForce, responder };
}

test('what is wanted is asked for once, however often it is wanted, and kept', async (t) => {
  const { source, ocsp, status, store } = await begin(t, answers('good'));
  for (let i = 0; i < 50; i++) ocsp.take([{ issuerKey, serial: 'a1' }]);
  await until(() => status() === 'good');
  ocsp.take([{ issuerKey, serial: 'a1' }]);
  await new Promise((resolve) => setTimeout(resolve, 400));
  t.is(source.asked.length, 1);
  t.like(ocsp.views()[0], { kind: 'ocsp', name: 'ca', failures: 0, error: null, stale: false });
  await ocsp.stop();
  t.is(readSourceState(store, 'ocsp', 'ca')?.location, `${source.origin}/`);
});

test('asking again finds what has been revoked since', async (t) => {
  const { source, ocsp, status, store } = await begin(t, answers('good'));
  ocsp.take([{ issuerKey, serial: 'a1' }]);
  await until(() => status() === 'good');
  source.answer((request, response) => {
    response.setHeader('transfer-encoding', 'chunked');
    answers('revoked')(request, response);
  });
  ocsp.ask();
  await until(() => status() === 'revoked');
  t.is(store.changesSince(0, 10)[0]?.kind, 'ocsp.answer');
});

test('nobody is asked about certificates of CAs that have no responder', async (t) => {
  const { source, ocsp } = await begin(t, answers('good'));
  ocsp.take([{ issuerKey: 'ff'.repeat(32), serial: 'a1' }]);
  await new Promise((resolve) => setTimeout(resolve, 400));
  t.is(source.asked.length, 0);
});

test('a responder that is down is asked one at a time, after a pause, told of once, and again when it is back', async (t) => {
  const { source, ocsp, told, status } = await begin(t, (_request, response) => {
    response.statusCode = 500;
    response.end();
  });
  ocsp.take([{ issuerKey, serial: 'a1' }]);
  await until(() => told.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 600));
  t.is(source.asked.length, 1);
  t.regex(told[0] ?? '', /gives no answer that can be used: .*answers 500/);
  t.true((ocsp.views()[0]?.failures ?? 0) > 0);
  source.answer((request, response) => {
    response.setHeader('transfer-encoding', 'chunked');
    answers('good')(request, response);
  });
  ocsp.ask();
  await until(() => status() === 'good');
  t.is(told.at(-1), 'OCSP responder of ca answers again');
  t.is(ocsp.views()[0]?.error, null);
});

test('a responder that is configured no more is neither asked nor told of', async (t) => {
  const { source, ocsp, status, inForce, store } = await begin(t, answers('good'));
  ocsp.take([{ issuerKey, serial: 'a1' }]);
  await until(() => status() === 'good');
  await until(() => readSourceState(store, 'ocsp', 'ca') !== undefined);
  inForce.current = { ...inForce.current, responders: new Map() };
  await until(() => ocsp.views().length === 0);
  ocsp.take([{ issuerKey, serial: 'a1' }]);
  ocsp.ask();
  await new Promise((resolve) => setTimeout(resolve, 400));
  t.is(source.asked.length, 1);
  t.is(readSourceState(store, 'ocsp', 'ca'), undefined);
});

test('while nothing can be written down, nobody is asked', async (t) => {
  const { source, ocsp, store, status, told } = await begin(t, answers('good'));
  await until(() => ocsp.views().length === 1);
  store.prepare('ALTER TABLE ocsp RENAME TO elsewhere').run();
  ocsp.take([{ issuerKey, serial: 'a1' }]);
  await until(() => told.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.is(source.asked.length, 0);
  t.regex(told[0] ?? '', /keeping answers fails/);
  t.is(told.length, 1, 'told once');
  store.prepare('ALTER TABLE elsewhere RENAME TO ocsp').run();
  ocsp.take([{ issuerKey, serial: 'a1' }]);
  await until(() => status() === 'good');
});

test('what a signer said was good is forgotten once it is configured no more, and what it revoked stays', async (t) => {
  const life = { notBefore: Date.now() - hour, notAfter: Date.now() + 24 * hour };
  const other = await createRoot({ subject: 'CN=Responder', ...life });
  const says: Record<string, ForgedSingle['status']> = { a1: 'good', a2: 'revoked' };
  const singles = Object.entries(says).map(([serial, status]) => ({
    ...{ serial, thisUpdate: Date.now() - 1000, nextUpdate: Date.now() + hour },
    ...(status && { status }),
  }));
  const { source, ocsp, status, store, inForce, responder } = await begin(
    t,
    (_request, response) => response.end(forgeAnswer({ issuer: ca, signer: other, singles })),
    { signers: [parseCertificate(other.der)] },
  );
  ocsp.take([
    { issuerKey, serial: 'a1' },
    { issuerKey, serial: 'a2' },
  ]);
  await until(() => status('a1') === 'good' && status('a2') === 'revoked');
  source.answer((_request, response) => void response.writeHead(503).end());
  const { current } = inForce;
  inForce.current = { ...current, responders: new Map([[issuerKey, { ...responder }]]) };
  await new Promise((resolve) => setTimeout(resolve, 600));
  t.is(status('a1'), 'good', 'another configuration with the same signers forgets nothing');
  inForce.current = { ...current, responders: new Map([[issuerKey, { ...responder, signers: [] }]]) };
  await until(() => status('a1') === undefined);
  t.is(status('a2'), 'revoked');
  t.is(store.changesSince(0, 10).at(-1)?.kind, 'ocsp.forget');
});
