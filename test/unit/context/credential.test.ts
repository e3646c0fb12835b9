import { createHash } from 'node:crypto';
import test from 'ava';
import { readCredential } from '../../../src/context/credential.ts';
import { limits } from '../../../src/context/limits.ts';
import { Refusal } from '../../../src/context/refusal.ts';
import type { RawConnection } from '../../../src/context/types.ts';
import { edge, httpRequest, nativeRequest } from './fixtures.ts';

/** URL-encoded PEM around bytes that need not be a certificate here. */
function pem(bytes: Uint8Array): string {
  const body = Buffer.from(bytes).toString('base64');
  return encodeURIComponent(`-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`);
}

const [device, issuer, other] = [Uint8Array.of(1, 1, 1), Uint8Array.of(2, 2, 2), Uint8Array.of(3, 3, 3)];
const hash = createHash('sha256').update(device).digest('hex');

function forwarded(xfcc: string | undefined, over: Partial<RawConnection['pep']> = {}): RawConnection {
  return httpRequest({
    pep: { ...edge, may_send_xfcc: true, ...over },
    headers: new Map(xfcc === undefined ? [] : [['x-forwarded-client-cert', xfcc]]),
  });
}

function text(raw: RawConnection): string | undefined {
  const read = readCredential(raw);
  return read instanceof Refusal || read?.material.form !== 'url_pem' ? undefined : read.material.text;
}

test('a PEP without the right to send the header is known by its TLS peer alone', (t) => {
  t.is(text(forwarded(`Cert="${pem(other)}"`, { may_send_xfcc: false })), 'certificate');
  t.is(text(forwarded('not;;the=format', { may_send_xfcc: false })), 'certificate');
});

test('the header of a trusted PEP names the device behind the proxy', (t) => {
  t.is(text(forwarded(`Hash=${hash};Cert="${pem(device)}"`)), pem(device));
  t.is((readCredential(forwarded(`Cert="${pem(device)}"`)) as { source: string }).source, 'xfcc');
});

test('without the header the TLS peer of a trusted PEP counts', (t) => {
  t.is(text(forwarded(undefined)), 'certificate');
});

test('the chain counts where both are given, and must begin with the certificate', (t) => {
  const chain = pem(device) + pem(issuer);
  t.is(text(forwarded(`Cert="${pem(device)}";Chain="${chain}"`)), chain);
  t.true(readCredential(forwarded(`Cert="${pem(other)}";Chain="${chain}"`)) instanceof Refusal);
});

test('a certificate that the hash does not fit is refused: it was smuggled in through a name', (t) => {
  t.true(readCredential(forwarded(`Hash=${hash};URI=spiffe://a/b;Cert="${pem(other)}"`)) instanceof Refusal);
  t.is(text(forwarded(`Hash=${hash.toUpperCase()};Cert="${pem(device)}"`)), pem(device));
});

test('an element without certificate is refused, because nothing of it can be verified', (t) => {
  t.true(readCredential(forwarded(`Hash=${hash};URI=spiffe://a/b`)) instanceof Refusal);
});

test('more elements than trusted hops and the PEP write are refused as not sanitised', (t) => {
  const two = `Cert="${pem(device)}",Cert="${pem(other)}"`;
  t.true(readCredential(forwarded(two)) instanceof Refusal);
  t.is(
    text(forwarded(two, { trusted_hops: 1 })),
    pem(device),
    'the outermost trusted hop speaks of the device',
  );
  t.true(readCredential(forwarded(`${two},Cert="${pem(other)}"`, { trusted_hops: 1 })) instanceof Refusal);
});

test("behind a trusted hop the TLS peer is a proxy: its certificate is never the device's", (t) => {
  const behind = (xfcc: string | undefined, over: Partial<RawConnection> = {}): RawConnection => ({
    ...forwarded(xfcc, { trusted_hops: 1 }),
    certificate: { form: 'url_pem', text: pem(other) },
    ...over,
  });
  t.is(readCredential(behind(undefined)), undefined, 'the hop saw no certificate, and none is written of it');
  t.is(readCredential(behind(`Cert="${pem(other)}"`)), undefined, 'the PEP wrote of the hop alone');
  t.is(readCredential(behind(`Chain="${pem(other)}${pem(issuer)}"`)), undefined);
  t.is(text(behind(`Cert="${pem(device)}"`)), pem(device), 'the hop wrote, and the PEP appends nothing');
  t.is(text(behind(`Cert="${pem(device)}",Cert="${pem(other)}"`)), pem(device));
  // On layer 4 no header is written, and whoever stands in front terminates no TLS.
  t.is(text(behind(undefined, { door: 'ext_authz_l4' })), pem(other));
});

test('no certificate is no credential', (t) => {
  t.is(readCredential(httpRequest({ certificate: undefined })), undefined);
  t.is(readCredential(nativeRequest({ certificate: { form: 'der', chain: [] } })), undefined);
});

test('chains over the limits, and empty certificates in them, are refused', (t) => {
  const refused = (chain: Uint8Array[]): boolean =>
    readCredential(nativeRequest({ certificate: { form: 'der', chain } })) instanceof Refusal;
  t.true(refused(Array.from({ length: 100 }, () => device)));
  t.true(refused([new Uint8Array(limits.certificateDer + 1)]));
  t.true(refused([device, new Uint8Array(0)]));
  t.false(refused(Array.from({ length: limits.chainLength }, () => device)));
});
