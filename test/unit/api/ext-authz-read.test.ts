import test from 'ava';
import { readCheck } from '../../../src/api/ext-authz/read-check.ts';
import { extAuthzDoor } from '../../../src/api/ext-authz/service.ts';
import { KnownNames } from '../../../src/api/known-names.ts';
import { loadProtos, messageCodec } from '../../../src/api/load-protos.ts';
import { limits } from '../../../src/context/limits.ts';
import { edge } from '../context/fixtures.ts';
import { config } from './fixtures.ts';

const codec = messageCodec<object>('envoy.service.auth.v3.CheckRequest');
const names = new KnownNames(['x-device-id', 'x-request-id']);
const read = (bytes: Buffer) => readCheck(bytes, edge, 'trace', names);
const readHttp = (http: object) => read(codec.encode({ attributes: { request: { http } } }));

test('what counts of a request is read straight from its bytes, of headers those that are asked for', (t) => {
  const socket = (address: string) => ({ address: { socket_address: { address, port_value: 443 } } });
  const bytes = codec.encode({
    attributes: {
      source: { ...socket('192.0.2.7'), principal: 'CN=meter', certificate: 'pem' },
      destination: { ...socket('2001:db8::1'), labels: { site: 'a' } },
      request: {
        time: { seconds: 1_800_000_000, nanos: 999_999_999 },
        http: {
          ...{ id: 'r', method: 'GET', path: '/p', host: 'h', scheme: 'https', protocol: 'HTTP/2', size: -1 },
          headers: { 'x-device-id': 'métre', accept: '*/*' },
        },
      },
      context_extensions: { tier: 'gold' },
      metadata_context: {},
      route_metadata_context: {},
      tls_session: { sni: 's' },
    },
  });
  t.deepEqual(read(bytes), {
    door: 'ext_authz_http',
    pep: edge,
    certificate: { form: 'url_pem', text: 'pem' },
    headers: new Map([['x-device-id', 'métre']]),
    contextExtensions: new Map([['tier', 'gold']]),
    labels: new Map([['site', 'a']]),
    sourceIp: '192.0.2.7',
    destination: '[2001:db8::1]:443',
    protocol: 'HTTP/2',
    sni: 's',
    http: { method: 'GET', host: 'h', path: '/p' },
    requestId: 'r',
    traceparent: 'trace',
  });
});

for (const [what, http] of [
  ['a header name with a capital letter', { headers: { 'X-Device-Id': 'a' } }],
  ['a header name that is not ASCII', { headers: { 'x-é': 'a' } }],
  ['a header name over the limit', { headers: { ['x'.repeat(limits.idText + 1)]: 'a' } }],
  [
    'a header over the limit that nothing asks for',
    { headers: { accept: 'a'.repeat(limits.valueText + 1) } },
  ],
  ['raw headers', { header_map: { headers: [{ key: 'x-device-id', raw_value: Buffer.from('a') }] } }],
  [
    'too many headers',
    { headers: Object.fromEntries(Array.from({ length: limits.headers + 1 }, (_, at) => [`x-${at}`, ''])) },
  ],
] as const) {
  test(`a request with ${what} is left to the library`, (t) => {
    t.is(readHttp(http), undefined);
  });
}

test('a message that comes twice, or ends within its part, is left to the library', (t) => {
  const bytes = codec.encode({ attributes: { source: { certificate: 'pem' } } });
  t.not(read(bytes), undefined);
  t.is(read(Buffer.concat([bytes, bytes])), undefined);
  for (let end = 0; end < bytes.length; end += 1) t.is(read(bytes.subarray(0, end)), undefined);
  // The certificate's length says one byte more than its message has.
  const longer = Buffer.concat([bytes, Buffer.from([0x70, 0x70, 0x00])]);
  longer[5] = (longer[5] as number) + 1;
  t.is(read(longer), undefined);
});

test('headers are asked for by the configuration that is in force, not by the one that the door began with', (t) => {
  const live = { ...config() };
  const door = extAuthzDoor(live);
  const bytes = codec.encode({
    attributes: {
      request: { http: { method: 'GET', path: '/', headers: { 'x-device-id': 'a', 'x-serial': 'b' } } },
    },
  });
  const claims = () => {
    const built = door.buildQuick?.(bytes, edge, undefined);
    return built?.ok ? built.context.claims : undefined;
  };
  t.deepEqual(claims(), { device_id: 'a' });
  live.claims = { ...live.claims, serial: [{ header: 'X-Serial' }] };
  t.deepEqual(claims(), { device_id: 'a', serial: 'b' });
  live.policy = { ...live.policy, compat: 'opa-envoy' };
  t.is(claims(), undefined);
  t.is(door.write?.({ status: { code: 0 } }), undefined);
});

test('no message has fields that the reader would take for those of later protos', (t) => {
  interface Described {
    readonly name: string;
    readonly field: readonly { readonly number: number }[];
    readonly nestedType: readonly Described[];
    readonly options?: { readonly mapEntry?: boolean } | null;
  }
  const described = (name: string) => loadProtos()[name]?.type as Described;
  const attributes = described('envoy.service.auth.v3.AttributeContext');
  const messages = [
    ...['envoy.service.auth.v3.CheckRequest', 'google.protobuf.Timestamp'].map(described),
    ...['envoy.config.core.v3.Address', 'envoy.config.core.v3.SocketAddress'].map(described),
    ...[attributes, ...attributes.nestedType.filter(({ options }) => !options?.mapEntry)],
  ];
  const newest = messages.map(({ name, field }) => [name, Math.max(...field.map((one) => one.number))]);
  t.deepEqual(Object.fromEntries(newest), {
    CheckRequest: 1,
    Timestamp: 2,
    Address: 3,
    SocketAddress: 6,
    AttributeContext: 13,
    Peer: 5,
    Request: 2,
    HttpRequest: 13,
    TLSSession: 1,
  });
});
