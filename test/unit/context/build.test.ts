import test from 'ava';
import { buildContext } from '../../../src/context/build.ts';
import { limits } from '../../../src/context/limits.ts';
import { sha256Hex, sha256HexOfParts } from '../../../src/lib/bytes.ts';
import { contextOf, edge, httpRequest, nativeRequest, refusedField, settings } from './fixtures.ts';

test('an HTTP request becomes a context with everything in its one form', (t) => {
  const context = contextOf(
    buildContext(
      httpRequest({
        headers: new Map([
          ['x-device-id', 'meter-1'],
          ['x-firmware-hash', 'ABCDEF'],
        ]),
        sourceIp: '2001:DB8::0:1',
        destination: '10.0.0.1:443',
        protocol: 'HTTP/1.1',
        sni: 'API.Example',
        http: { method: 'get', host: 'API.example:8443', path: '/a//b/./c?x=1' },
        requestId: 'r-1',
        traceparent: '00-aa-bb-01',
      }),
      settings,
    ),
  );
  t.deepEqual(context, {
    tenant: 'default',
    door: 'ext_authz_http',
    pep: edge,
    authenticatedBy: 'device_tls',
    credential: {
      key: sha256Hex('certificate'),
      source: 'peer_certificate',
      material: { form: 'url_pem', text: 'certificate' },
    },
    claims: { device_id: 'meter-1', firmware_hash: 'abcdef' },
    sourceIp: '2001:db8::1',
    destination: '10.0.0.1:443',
    protocol: 'HTTP/1.1',
    sni: 'api.example',
    http: { method: 'GET', host: 'api.example', path: '/a/b/c' },
    custom: {},
    requestId: 'r-1',
    traceparent: '00-aa-bb-01',
  });
});

test('a native request keeps its own claims and nothing of the configured sources', (t) => {
  const chain = [Uint8Array.of(1), Uint8Array.of(2, 3)];
  const context = contextOf(
    buildContext(
      nativeRequest({
        certificate: { form: 'der', chain },
        claims: { serial: '0A', device_id: '' },
        headers: new Map([['x-device-id', 'other']]),
        connectionId: 'c-1',
        gateway: 'gw',
      }),
      settings,
    ),
  );
  t.deepEqual(context.claims, { serial: '0A' });
  t.is(context.gateway, 'gw');
  t.is(context.connectionId, 'c-1');
  t.deepEqual(context.credential, {
    key: sha256HexOfParts(chain),
    source: 'peer_chain',
    material: { form: 'der', chain },
  });
});

const long = 'a'.repeat(limits.idText + 1);
const malformed: readonly (readonly [string, Parameters<typeof httpRequest>[0], string])[] = [
  ['a destination with a control character', { destination: 'a\u0000b' }, 'destination'],
  ['a protocol that is too long', { protocol: long }, 'protocol'],
  ['an SNI that was not UTF-8', { sni: 'a\ufffd' }, 'sni'],
  ['a request id with a line feed', { requestId: 'a\nb' }, 'request_id'],
  ['a lone surrogate', { connectionId: 'a\ud800' }, 'connection_id'],
  ['a source that is no address', { sourceIp: 'example.com' }, 'source_ip'],
  [
    'a certificate over the limit',
    { certificate: { form: 'url_pem', text: 'a'.repeat(65_537) } },
    'certificate',
  ],
  [
    'a claim with a control character',
    { headers: new Map([['x-device-id', 'a\u0007']]) },
    'claims.device_id',
  ],
  [
    'too many headers',
    { headers: new Map(Array.from({ length: 10_000 }, (_, n) => [`h${n}`, 'v'])) },
    'headers',
  ],
];
for (const [what, over, field] of malformed) {
  test(`${what} refuses the whole request, naming ${field}`, (t) => {
    t.is(refusedField(buildContext(httpRequest(over), settings)), field);
  });
}

test('a refusal says who asked, by which door, and what can be told of the connection', (t) => {
  const refused = buildContext(
    nativeRequest({ sourceIp: 'x', connectionId: 'c-9', traceparent: '00-aa-bb-01' }),
    settings,
  );
  t.deepEqual(refused, {
    ok: false,
    pep: edge,
    door: 'native',
    field: 'source_ip',
    problem: 'is not an IP address',
    connectionId: 'c-9',
    traceparent: '00-aa-bb-01',
  });
});

test('a refusal never repeats a malformed connection id', (t) => {
  const refused = buildContext(nativeRequest({ connectionId: 'a\u0000' }), settings);
  t.false(refused.ok);
  t.false('connectionId' in refused);
});

test('an overlong traceparent is dropped and refuses nothing', (t) => {
  const context = contextOf(buildContext(nativeRequest({ traceparent: long }), settings));
  t.is(context.traceparent, undefined);
});
