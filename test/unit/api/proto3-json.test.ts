import test from 'ava';
import { decodeCheckRequestJson, decodeDecideRequestJson } from '../../../src/api/proto3-json.ts';

test('a CheckRequest is read in either spelling', (t) => {
  const camel = {
    attributes: {
      source: {
        address: { socketAddress: { address: '192.0.2.7', portValue: 4711, protocol: 'UDP' } },
        certificate: 'pem',
      },
      request: {
        time: '2026-11-21T12:00:00.250Z',
        http: { id: 'r', method: 'GET', headers: { a: 'b' }, size: '12', rawBody: 'AQ==' },
      },
      contextExtensions: { e: 'f' },
      metadataContext: { filterMetadata: { ns: { k: 'v', n: 1, o: { b: true }, l: [null, 'x'] } } },
      tlsSession: { sni: 's' },
    },
  };
  const snake = {
    attributes: {
      source: {
        address: { socket_address: { address: '192.0.2.7', port_value: '4711', protocol: 1 } },
        certificate: 'pem',
      },
      request: {
        time: '2026-11-21T13:00:00.250+01:00',
        http: { id: 'r', method: 'GET', headers: { a: 'b' }, size: 12, raw_body: 'AQ', path: null },
      },
      context_extensions: { e: 'f' },
      metadata_context: { filter_metadata: { ns: { k: 'v', n: 1, o: { b: true }, l: [null, 'x'] } } },
      tls_session: { sni: 's' },
    },
  };
  const read = decodeCheckRequestJson(camel);
  t.deepEqual(decodeCheckRequestJson(snake), read);
  t.like(read, {
    attributes: {
      source: { address: { socket_address: { address: '192.0.2.7', port_value: 4711 } }, certificate: 'pem' },
      request: { http: { headers: { a: 'b' } } },
      metadata_context: { filter_metadata: { ns: { fields: { n: { numberValue: 1 } } } } },
    },
  });
});

test('a DecideRequest is read with its bytes and enums', (t) => {
  t.like(
    decodeDecideRequestJson({
      peerChain: ['AQID', '_-8='],
      authenticatedBy: 'AUTHENTICATED_BY_DEVICE_TLS',
      claims: { deviceId: 'd' },
      labels: { line: 'B', __proto__x: 'y' },
    }),
    {
      peer_chain: [Buffer.from([1, 2, 3]), Buffer.from([255, 239])],
      authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
      claims: { device_id: 'd' },
      labels: { line: 'B' },
    },
  );
});

const malformed: readonly (readonly [string, unknown, RegExp])[] = [
  ['no object', [], /\$ is not an object/],
  ['null', null, /\$ is not an object/],
  ['an unknown field', { authenticatedby: 1 }, /\$\.authenticatedby .*no such field/],
  ['a field of Object.prototype', JSON.parse('{"__proto__": {}}'), /\$\.__proto__/],
  ['both spellings', { sourceIp: 'a', source_ip: 'a' }, /\$\.source_ip .*both spellings/],
  ['a number for a text', { sourceIp: 1 }, /\$\.sourceIp is not a string/],
  ['a lone surrogate', { sourceIp: '\ud800' }, /\$\.sourceIp/],
  ['something else than base64', { peerChain: ['AQID', '*'] }, /\$\.peerChain\[1\] is not base64/],
  ['base64 with bits left over', { peerChain: ['AR'] }, /not base64/],
  ['a text for a list', { peerChain: 'AQID' }, /\$\.peerChain is not a list/],
  ['an unknown enum name', { authenticatedBy: 'DEVICE' }, /is none of AUTHENTICATED_BY_UNSPECIFIED/],
  ['an enum that is no number', { authenticatedBy: 1.5 }, /is none of/],
  ['a label that is no text', { labels: { a: 1 } }, /\$\.labels\.a/],
  ['a message that is a list', { claims: [] }, /\$\.claims is not an object/],
];
for (const [what, value, message] of malformed) {
  test(`${what} in a DecideRequest is an error with its path`, (t) => {
    t.throws(() => decodeDecideRequestJson(value), { code: 'PDP_INPUT_MALFORMED', message });
  });
}

const malformedCheck: readonly (readonly [string, unknown, RegExp])[] = [
  [
    'a port beyond 32 bits',
    { source: { address: { socketAddress: { portValue: 4294967296 } } } },
    /whole number/,
  ],
  [
    'a port that is no number',
    { source: { address: { socketAddress: { portValue: '4x' } } } },
    /whole number/,
  ],
  [
    'two addresses of one peer',
    { source: { address: { socketAddress: {}, pipe: {} } } },
    /exclude each other/,
  ],
  ['a time that is none', { request: { time: 'yesterday' } }, /RFC 3339/],
  ['metadata that is no object', { metadataContext: { filterMetadata: { ns: 1 } } }, /not an object/],
];
for (const [what, attributes, message] of malformedCheck) {
  test(`${what} in a CheckRequest is an error with its path`, (t) => {
    t.throws(() => decodeCheckRequestJson({ attributes }), { code: 'PDP_INPUT_MALFORMED', message });
  });
}

test('metadata nested without end is an error, not an overflow', (t) => {
  let deep: object = {};
  for (let depth = 0; depth < 5000; depth++) deep = { k: deep };
  t.throws(
    () => decodeCheckRequestJson({ attributes: { metadataContext: { filterMetadata: { ns: deep } } } }),
    {
      code: 'PDP_INPUT_MALFORMED',
    },
  );
});
