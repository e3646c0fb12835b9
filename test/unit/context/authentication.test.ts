import test from 'ava';
import { readAuthentication } from '../../../src/context/authentication.ts';
import { Refusal } from '../../../src/context/refusal.ts';
import type { PresentedCredential } from '../../../src/context/types.ts';
import { edge, httpRequest, nativeRequest } from './fixtures.ts';

const credential: PresentedCredential = {
  key: 'k',
  source: 'peer_certificate',
  material: { form: 'url_pem', text: 'certificate' },
};
const claimed = { device_id: 'meter-1' };
const asserting = { ...edge, may_assert_devices: true };
const extensions = (entries: Record<string, string>) => ({
  contextExtensions: new Map(Object.entries(entries)),
});

test('a claimed id beside the device’s own certificate is a claim, not a gateway’s word', (t) => {
  t.deepEqual(readAuthentication(httpRequest({ pep: asserting }), credential, claimed), { by: 'device_tls' });
});

test('a PEP that may assert devices does so by a claimed id without a certificate', (t) => {
  t.deepEqual(readAuthentication(httpRequest({ pep: asserting }), undefined, claimed), {
    by: 'gateway_asserted',
  });
  t.deepEqual(readAuthentication(httpRequest({ pep: asserting }), undefined, {}), { by: 'none' });
});

test('a claimed id without certificate from any other PEP authenticates nobody', (t) => {
  t.deepEqual(readAuthentication(httpRequest(), undefined, claimed), { by: 'none' });
});

test('the proxy’s configuration can say that a gateway speaks, and name it', (t) => {
  const said = extensions({ 'portreeve.authenticated_by': 'gateway', 'portreeve.gateway': 'gw-1' });
  t.deepEqual(readAuthentication(httpRequest(said), credential, claimed), {
    by: 'gateway_asserted',
    gateway: 'gw-1',
  });
  t.deepEqual(
    readAuthentication(
      httpRequest(extensions({ 'portreeve.authenticated_by': 'gateway' })),
      credential,
      claimed,
    ),
    { by: 'gateway_asserted' },
  );
});

test('the proxy’s configuration can say that only devices speak for themselves', (t) => {
  const said = extensions({ 'portreeve.authenticated_by': 'device' });
  t.deepEqual(readAuthentication(httpRequest({ pep: asserting, ...said }), undefined, claimed), {
    by: 'none',
  });
});

test('a client’s header cannot say it', (t) => {
  const headers = new Map([['portreeve.authenticated_by', 'gateway']]);
  t.deepEqual(readAuthentication(httpRequest({ headers }), credential, claimed), { by: 'device_tls' });
});

test('an unknown word and a malformed gateway are refused', (t) => {
  const malformed: readonly Record<string, string>[] = [
    { 'portreeve.authenticated_by': 'Gateway' },
    { 'portreeve.gateway': 'a\u0000' },
  ];
  for (const entries of malformed) {
    t.true(readAuthentication(httpRequest(extensions(entries)), credential, {}) instanceof Refusal);
  }
});

test('a native request is believed as far as it agrees with itself', (t) => {
  const read = (
    by: 'device_tls' | 'gateway_asserted' | 'none' | undefined,
    with_: PresentedCredential | undefined,
  ) => readAuthentication(nativeRequest({ authenticatedBy: by }), with_, {});
  t.deepEqual(read('device_tls', credential), { by: 'device_tls' });
  t.deepEqual(read('device_tls', undefined), { by: 'none' });
  t.deepEqual(read('gateway_asserted', credential), { by: 'gateway_asserted' });
  t.deepEqual(read('none', undefined), { by: 'none' });
  t.true(read('none', credential) instanceof Refusal);
  t.true(read(undefined, credential) instanceof Refusal);
});
