import type { RequestListener } from 'node:http';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createRoot, issueCa, issueLeaf } from '../../../../src/ca/index.ts';
import type { Authority } from '../../../../src/ca/index.ts';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import type { OcspResponder } from '../../../../src/revocation/ocsp/knowledge.ts';
import { askResponder } from '../../../../src/server/ocsp/exchange.ts';
import type { Exchange } from '../../../../src/server/ocsp/exchange.ts';
import { httpSource } from '../../../helpers/http-source.ts';
import { forgeAnswer, forgeRefusal } from '../../../helpers/ocsp-forge.ts';
import { opensslResponder } from '../../../helpers/openssl-ocsp.ts';
import { withOpenssl } from '../../../helpers/openssl.ts';

const hour = 3_600_000;
const now = Date.now();
const life = { notBefore: now - hour, notAfter: now + 24 * hour };
const root = await createRoot({ subject: 'CN=Root', ...life });
const ca = await issueCa(root, { subject: 'CN=Issuing CA', ...life });
const noCheck = { oid: '1.3.6.1.5.5.7.48.1.5', critical: false, value: Buffer.from([5, 0]) };
const delegate = await issueLeaf(ca, {
  subject: 'CN=Responder',
  ...life,
  eku: ['1.3.6.1.5.5.7.3.9'],
  extensions: [noCheck],
});
const known = { A1: null, A2: 'keyCompromise', A3: 'certificateHold' };

function responderAt(url: string, more: Partial<OcspResponder> = {}): OcspResponder {
  return {
    ...{ name: 'ca', issuer: parseCertificate(ca.der), url, ca: null, nonce: 'optional', hash: 'sha1' },
    ...{ signers: [], ratePerSecond: 10, timeout: 5000, maxAge: null },
    ...more,
  };
}

function ask(responder: OcspResponder, serial = 'a1', at = () => Date.now()): Promise<Exchange> {
  const { signal } = new AbortController();
  return askResponder(responder, serial, { now: at, signal, signerStatus: () => 'unknown' });
}

async function openssl(t: ExecutionContext, signer: Authority, more: Partial<OcspResponder> = {}) {
  return responderAt(await opensslResponder(t, { ca, signer, known }), more);
}

withOpenssl('a real responder with the CA’s own key: good, revoked, on hold, and unknown', async (t) => {
  const responder = await openssl(t, ca, { nonce: 'required' });
  t.like(await ask(responder), { answer: { status: 'good', signer_key: ca.keyDigest, reason: null } });
  t.like(await ask(responder, 'a2'), { answer: { status: 'revoked', reason: 'keyCompromise' } });
  t.like(await ask(responder, 'a3'), { answer: { status: 'on_hold', reason: 'certificateHold' } });
  t.like(await ask(responder, 'ff'), { answer: { status: 'unknown' } });
});

withOpenssl(
  'a real responder that its CA has delegated to, asked by SHA-256 and without a nonce',
  async (t) => {
    const responder = await openssl(t, delegate, { hash: 'sha256', nonce: 'never' });
    t.like(await ask(responder), { answer: { status: 'good', signer_key: delegate.keyDigest } });
  },
);

withOpenssl(
  'a real responder that has no right to answer is not believed, unless it is configured',
  async (t) => {
    const device = await issueLeaf(ca, { subject: 'CN=meter', ...life });
    const byDevice = await ask(await openssl(t, device));
    t.regex(byDevice.error?.message ?? '', /without id-kp-OCSPSigning/);
    const other = await createRoot({ subject: 'CN=Somebody', ...life });
    const responder = await openssl(t, other);
    const byOther = await ask(responder);
    t.like(byOther, { general: false, error: { code: 'PDP_OCSP_INVALID' } });
    const configured = { ...responder, signers: [parseCertificate(other.der)] };
    t.like(await ask(configured), { answer: { status: 'good', signer_key: other.keyDigest } });
  },
);

withOpenssl(
  'what a real responder said is not believed past its nextUpdate, nor by a clock that is behind',
  async (t) => {
    const responder = await openssl(t, ca);
    const late = await ask(responder, 'a1', () => Date.now() + 2 * hour);
    t.regex(late.error?.message ?? '', /was to be renewed/);
    const early = await ask(responder, 'a1', () => Date.now() - hour);
    t.regex(early.error?.message ?? '', /in the future/);
  },
);

withOpenssl('a real responder of another CA knows nothing of this one’s certificates', async (t) => {
  const url = await opensslResponder(t, { ca: root, signer: root, known: {} });
  const { answer, error } = await ask(responderAt(url));
  t.is(answer, undefined);
  t.truthy(error);
});

const good = () =>
  forgeAnswer({
    issuer: ca,
    singles: [{ serial: 'a1', thisUpdate: Date.now() - 1000, nextUpdate: now + hour }],
  });

function sends(body: Uint8Array, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) =>
    void response.writeHead(200, { 'content-length': body.byteLength, ...headers }).end(body);
}

test('an outage, an error, garbage, a cut-off, a drip and a flood are no answers, and are about the responder', async (t) => {
  const source = await httpSource(t, sends(good()));
  const responder = responderAt(`${source.origin}/`, { timeout: 1000 });
  t.like(await ask(responder), { answer: { status: 'good' } });
  t.is(source.asked[0]?.headers['content-type'], 'application/ocsp-request');
  const fails = async (handler: RequestListener, code: string, message: RegExp): Promise<Exchange> => {
    source.answer(handler);
    const exchange = await ask(responder);
    t.like(exchange, { general: true, error: { code } }, String(message));
    t.regex(exchange.error?.message ?? '', message);
    return exchange;
  };
  const busy: RequestListener = (_request, response) =>
    void response.writeHead(503, { 'retry-after': '7' }).end();
  t.like(await fails(busy, 'PDP_SOURCE_UNAVAILABLE', /answers 503/), { retryAfter: 7000 });
  await fails(sends(Buffer.from('<html>')), 'PDP_OCSP_INVALID', /not an OCSP response/);
  await fails(sends(good().subarray(0, -9)), 'PDP_OCSP_INVALID', /not an OCSP response/);
  await fails(sends(forgeRefusal(3)), 'PDP_OCSP_INVALID', /try_later/);
  const cut: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-length': 1000 }).write('0');
    setTimeout(() => response.destroy(), 20);
  };
  await fails(cut, 'PDP_SOURCE_UNAVAILABLE', /./);
  const drip: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    const timer = setInterval(() => response.write('0'), 50);
    response.on('close', () => clearInterval(timer));
  };
  await fails(drip, 'PDP_SOURCE_UNAVAILABLE', /./);
  await fails(sends(Buffer.alloc(70_000)), 'PDP_SOURCE_REFUSED', /more than max_bytes/);
  const away: RequestListener = (_request, response) =>
    void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  await fails(away, 'PDP_SOURCE_REFUSED', /redirects a POST/);
  await source.close();
  t.like(await ask(responder), { general: true, error: { code: 'PDP_SOURCE_UNAVAILABLE' } });
});
