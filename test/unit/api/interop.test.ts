import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { loadSync } from '@grpc/proto-loader';
import test from 'ava';
import { loadProtos } from '../../../src/api/load-protos.ts';

/** The upstream set that grpc-js's xDS client carries. */
const upstreamFolder = join(
  dirname(createRequire(import.meta.url).resolve('@grpc/grpc-js-xds/package.json')),
  'deps',
);
const options = { keepCase: true, longs: String, enums: String } as const;
const upstream = loadSync('envoy/service/auth/v3/external_auth.proto', {
  ...options,
  includeDirs: ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((name) =>
    join(upstreamFolder, name),
  ),
});

interface Codec {
  readonly serialize: (message: object) => Buffer;
  readonly deserialize: (bytes: Buffer) => object;
}
const codec = (set: unknown, name: string): Codec => (set as Record<string, Codec>)[name] as Codec;

const peer = {
  address: {
    socket_address: {
      protocol: 'UDP',
      address: '192.0.2.7',
      port_value: 4711,
      resolver_name: 'r',
      ipv4_compat: true,
    },
  },
  service: 'svc',
  labels: { a: 'b' },
  principal: 'spiffe://td/a',
  certificate: 'pem',
};
const messages: Readonly<Record<string, readonly object[]>> = {
  'envoy.service.auth.v3.CheckRequest': [
    {
      attributes: {
        source: peer,
        destination: { address: { pipe: { path: '/run/a', mode: 384 } } },
        request: {
          time: { seconds: '1700000000', nanos: 5 },
          http: {
            id: 'r',
            method: 'GET',
            headers: { h: 'v', g: 'w' },
            path: '/p?q',
            host: 'h',
            scheme: 'https',
            query: 'q',
            fragment: 'f',
            size: '-1',
            protocol: 'HTTP/2',
            body: 'b',
            raw_body: Buffer.from([1, 255]),
          },
        },
        context_extensions: { e: 'f' },
        metadata_context: {
          filter_metadata: { ns: { fields: { k: { listValue: { values: [{ numberValue: 1 }] } } } } },
        },
        route_metadata_context: { filter_metadata: { ns: { fields: { k: { stringValue: 'v' } } } } },
        tls_session: { sni: 's' },
      },
    },
    {
      attributes: {
        source: {
          address: { envoy_internal_address: { server_listener_name: 'l', endpoint_id: 'e' } },
        },
        destination: { address: { socket_address: { address: '::1', named_port: 'https' } } },
        request: {
          http: {
            header_map: {
              headers: [
                { key: 'k', raw_value: Buffer.from([255]) },
                { key: 'l', value: 'v' },
              ],
            },
          },
        },
      },
    },
  ],
  'envoy.service.auth.v3.CheckResponse': [
    {
      status: { code: 7, message: 'm' },
      denied_response: {
        status: { code: 'Forbidden' },
        headers: [
          {
            header: { key: 'k', value: 'v' },
            append: { value: false },
            append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
            keep_empty_value: true,
          },
          { header: { key: 'k', value: 'v' }, append: { value: true }, append_action: 'OVERWRITE_IF_EXISTS' },
        ],
        body: '{}',
      },
      dynamic_metadata: { fields: { decision_id: { stringValue: 'd' }, ok: { boolValue: true } } },
    },
    {
      status: { code: 16 },
      ok_response: {
        headers: [{ header: { key: 'k', value: 'v' }, append_action: 'ADD_IF_ABSENT' }],
        headers_to_remove: ['a', 'b'],
        response_headers_to_add: [{ header: { key: 'r', value: 'v' } }],
      },
    },
    ...['Unauthorized', 'ServiceUnavailable', 'TooManyRequests', 'BadRequest', 'OK'].map((code) => ({
      denied_response: { status: { code } },
    })),
  ],
};

for (const [name, examples] of Object.entries(messages)) {
  for (const [index, example] of examples.entries()) {
    test(`${name} ${index}: what either set writes the other reads, and as it was`, (t) => {
      const [own, theirs] = [codec(loadProtos(), name), codec(upstream, name)];
      t.deepEqual(own.deserialize(own.serialize(example)), example, 'the example is complete in our set');
      t.deepEqual(theirs.deserialize(own.serialize(example)), example);
      t.deepEqual(own.deserialize(theirs.serialize(example)), example);
    });
  }
}

test('the service has the upstream’s path', (t) => {
  const name = 'envoy.service.auth.v3.Authorization';
  const pathOf = (set: unknown) => (set as Record<string, { Check: { path: string } }>)[name]?.Check.path;
  t.is(pathOf(loadProtos()), '/envoy.service.auth.v3.Authorization/Check');
  t.is(pathOf(loadProtos()), pathOf(upstream));
});

test('fields that only the upstream set has are passed over', (t) => {
  const name = 'envoy.service.auth.v3.CheckResponse';
  const bytes = codec(upstream, name).serialize({
    status: { code: 0, details: [{ type_url: 'a/b', value: Buffer.from([1]) }] },
    ok_response: { query_parameters_to_remove: ['q'], headers_to_remove: ['h'] },
  });
  t.like(codec(loadProtos(), name).deserialize(bytes), { ok_response: { headers_to_remove: ['h'] } });
});

test('error_response has the number that Envoy gives it', (t) => {
  const bytes = codec(loadProtos(), 'envoy.service.auth.v3.CheckResponse').serialize({
    error_response: { body: 'b' },
  });
  t.is(bytes[0], (5 << 3) | 2);
});

test('every enum of ours has an UNSPECIFIED zero', (t) => {
  const ours = Object.entries(loadProtos()).filter(([name]) => name.startsWith('portreeve.v1.'));
  const enums = ours.filter(
    ([, definition]) => definition.format === 'Protocol Buffer 3 EnumDescriptorProto',
  );
  t.true(enums.length >= 5);
  for (const [name, definition] of enums) {
    const { value } = definition.type as unknown as { value: { name: string; number: number }[] };
    t.regex(value.find(({ number }) => number === 0)?.name ?? '', /_UNSPECIFIED$/, name);
  }
});
