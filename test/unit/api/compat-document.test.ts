import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import test from 'ava';
import { requestDocument } from '../../../src/api/ext-authz/compat/document.ts';
import type { DocumentOptions } from '../../../src/api/ext-authz/compat/document.ts';
import { readGrpcBodies } from '../../../src/api/ext-authz/compat/grpc-bodies.ts';
import type { CheckRequest } from '../../../src/api/ext-authz/wire.ts';
import { messageCodec } from '../../../src/api/load-protos.ts';
import { Refusal } from '../../../src/context/refusal.ts';
import { portDescriptors } from '../../helpers/descriptor-set.ts';

const check = messageCodec<CheckRequest>('envoy.service.auth.v3.CheckRequest');
const plain: DocumentOptions = { skipBody: false, grpc: null };

/** The document of a message that went over the wire, as plain JSON text. */
function documentText(message: object, options = plain): string {
  const document = requestDocument(check.decode(check.encode(message)), options);
  if (document instanceof Refusal) throw new Error(`${document.field}: ${document.problem}`);
  return JSON.stringify(document);
}
const documentOf = (message: object, options = plain) =>
  JSON.parse(documentText(message, options)) as Record<string, unknown>;
const refusalOf = (message: object) => {
  const document = requestDocument(check.decode(check.encode(message)), plain);
  return document instanceof Refusal ? `${document.field}: ${document.problem}` : undefined;
};
const http = (more: object) => ({
  attributes: { request: { http: { method: 'POST', path: '/a', ...more } } },
});

test('only populated fields are there, by lowerCamelCase names, enums and 64-bit integers as numbers', (t) => {
  const text = documentText({
    attributes: {
      source: {
        address: {
          socket_address: { protocol: 'UDP', address: '192.0.2.7', port_value: 4711, resolver_name: '' },
        },
        service: 'meters',
        labels: { line: 'a' },
        principal: 'spiffe://harbour.example/a',
        certificate: 'pem',
      },
      destination: { address: { pipe: { path: '/run/a', mode: 384 } } },
      request: {
        time: { seconds: '1700000000', nanos: 5 },
        http: {
          ...{ id: 'r', method: 'GET', path: '/p?q', host: 'h', scheme: 'https', fragment: '' },
          headers: { ':path': '/p?q', accept: '*/*' },
          size: '9007199254740993',
          raw_body: Buffer.from([0, 255]),
          header_map: {
            headers: [
              { key: 'a', value: 'b' },
              { key: 'c', raw_value: Buffer.from('d') },
            ],
          },
        },
      },
      context_extensions: { host: 'vhost' },
      metadata_context: {
        filter_metadata: {
          jwt: {
            fields: { exp: { numberValue: 1.5 }, groups: { listValue: { values: [{ nullValue: 0 }] } } },
          },
        },
        typed_filter_metadata: { t: { type_url: 'x/y', value: Buffer.from('z') } },
      },
      route_metadata_context: {},
      tls_session: { sni: 'a.example' },
    },
  });
  t.true(text.includes('"size":9007199254740993'), 'not rounded');
  const document = JSON.parse(text) as { readonly attributes: { readonly request: { http: object } } };
  t.deepEqual(document, {
    attributes: {
      source: {
        address: { socketAddress: { protocol: 1, address: '192.0.2.7', portValue: 4711 } },
        service: 'meters',
        labels: { line: 'a' },
        principal: 'spiffe://harbour.example/a',
        certificate: 'pem',
      },
      destination: { address: { pipe: { path: '/run/a', mode: 384 } } },
      request: {
        time: { seconds: 1_700_000_000, nanos: 5 },
        http: {
          ...{ id: 'r', method: 'GET', path: '/p?q', host: 'h', scheme: 'https' },
          headers: { ':path': '/p?q', accept: '*/*' },
          size: 9_007_199_254_740_992,
          rawBody: 'AP8=',
          headerMap: {
            headers: [
              { key: 'a', value: 'b' },
              { key: 'c', rawValue: 'ZA==' },
            ],
          },
        },
      },
      contextExtensions: { host: 'vhost' },
      metadataContext: {
        filterMetadata: { jwt: { exp: 1.5, groups: [null] } },
        typedFilterMetadata: { t: { typeUrl: 'x/y', value: 'eg==' } },
      },
      routeMetadataContext: {},
      tlsSession: { sni: 'a.example' },
    },
    version: { ext_authz: 'v3', encoding: 'protojson' },
    parsed_path: ['p'],
    parsed_query: { q: [''] },
    parsed_body: null,
    truncated_body: false,
    source_principal: 'spiffe://harbour.example/a',
  } as unknown as typeof document);
});

test('what is in a oneof is told even where it is 0', (t) => {
  const { attributes } = documentOf({
    attributes: { source: { address: { socket_address: { address: '', port_value: 0 } } } },
  });
  t.deepEqual(attributes, { source: { address: { socketAddress: { portValue: 0 } } } });
});

test('a connection without HTTP has the parts of an empty request', (t) => {
  t.deepEqual(
    documentOf({ attributes: { source: { address: { socket_address: { address: '192.0.2.7' } } } } }),
    {
      attributes: { source: { address: { socketAddress: { address: '192.0.2.7' } } } },
      version: { ext_authz: 'v3', encoding: 'protojson' },
      parsed_path: [''],
      parsed_query: {},
      parsed_body: null,
      truncated_body: false,
    },
  );
});

for (const [path, parts] of [
  ['/', ['']],
  ['/a/b', ['a', 'b']],
  ['//a//b/', ['a', '', 'b', '']],
  ['/a%2Fb%20c+d', ['a', 'b c+d']],
  ['/a?b/c?d', ['a']],
  ['*', ['*']],
] as const) {
  test(`the parts of the path ${path}`, (t) => t.deepEqual(documentOf(http({ path }))['parsed_path'], parts));
}

for (const [query, values] of [
  ['', {}],
  ['a=1&b=2&a=3', { a: ['1', '3'], b: ['2'] }],
  ['&a&&=x&a=', { a: ['', ''], '': ['x'] }],
  ['a+b=c%20d+e%2B', { 'a b': ['c d e+'] }],
  ['a=b=c?d', { a: ['b=c?d'] }],
  ['%C3%A9=%E2%82%AC', { é: ['€'] }],
] as const) {
  test(`the values of the query ${query}`, (t) =>
    t.deepEqual(documentOf(http({ path: `/?${query}` }))['parsed_query'], values));
}

test('a name of the query that an object has by itself is only a name', (t) => {
  const text = documentText(http({ path: '/?__proto__=a&constructor=b' }));
  t.true(text.includes('"parsed_query":{"__proto__":["a"],"constructor":["b"]}'), text);
});

const type = (contentType: string, more: object = {}) => ({
  headers: { 'content-type': contentType, ...more },
});
const bodies: readonly (readonly [title: string, request: object, parsed: unknown, truncated?: boolean])[] = [
  ['JSON', { ...type('application/json; charset=utf-8'), body: '{"a":[1,null]}' }, { a: [1, null] }],
  ['JSON in raw bytes', { ...type('application/json'), raw_body: Buffer.from('"é"') }, 'é'],
  ['no body', type('application/json', { 'content-length': '7' }), null],
  ['a type that is not parsed', { ...type('text/plain'), body: '{}' }, null],
  ['no type', { body: '{}' }, null],
  [
    'a body shorter than its length',
    { ...type('application/json', { 'content-length': '3' }), body: '{}' },
    null,
    true,
  ],
  ['a length of -1', { ...type('application/json', { 'content-length': '-1' }), body: '{}' }, {}],
  ['a length in bytes', { ...type('application/json', { 'content-length': '4' }), body: '"é"' }, 'é'],
  ['what Envoy cut', { headers: { 'x-envoy-auth-partial-body': 'true' }, body: '{}' }, null, true],
  ['a form', { ...type('application/x-www-form-urlencoded'), body: 'a=1&a=%262' }, { a: ['1', '&2'] }],
  ['gRPC without descriptors', { ...type('application/grpc'), raw_body: Buffer.from([0, 0, 0, 0, 0]) }, null],
  [
    'a multipart form',
    {
      ...type('multipart/form-data; boundary="b b"'),
      body:
        'preamble\r\n--b b\r\nContent-Disposition: form-data; name="a"\r\n\r\nline\r\nline\r\n--b b\r\n' +
        'content-disposition: form-data; name=a; filename="x"\r\nContent-Type: application/json\r\n\r\n{"n": 1}\r\n' +
        '--b b\r\nContent-Disposition: form-data; name="q"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9=\r\n!\r\n' +
        '--b b\r\nContent-Disposition: attachment; name="none"\r\n\r\n?\r\n--b b--\r\nepilogue',
    },
    { a: ['line\r\nline', { n: 1 }], q: ['é!'] },
  ],
  ['a multipart form without a boundary', { ...type('multipart/form-data'), body: 'x' }, null],
];

for (const [title, request, parsed, truncated = false] of bodies) {
  test(`the body: ${title}`, (t) => {
    const document = documentOf(http(request));
    t.deepEqual(document['parsed_body'], parsed);
    t.is(document['truncated_body'], truncated);
  });
}

test('numbers of a body are not rounded', (t) => {
  const body = '{"serial":340282366920938463463374607431768211456,"rate":0.1000000000000000000001,"n":7}';
  t.true(documentText(http({ ...type('application/json'), body })).includes(`"parsed_body":${body}`));
});

test('body and its mark are left out where bodies are not parsed', (t) => {
  const document = documentOf(http({ ...type('application/json'), body: '{' }), {
    skipBody: true,
    grpc: null,
  });
  t.false('parsed_body' in document || 'truncated_body' in document);
});

for (const [title, request] of [
  ['a bad escape in the path', { path: '/%zz' }],
  ['a bad escape in the query', { path: '/?a=%2' }],
  ['a semicolon in the query', { path: '/?a;b' }],
  ['JSON that is none', { ...type('application/json'), body: '{' }],
  ['JSON that goes on', { ...type('application/json'), body: '{} {}' }],
  [
    'JSON without end of nesting',
    { ...type('application/json'), body: `${'['.repeat(5000)}${']'.repeat(5000)}` },
  ],
  ['a length that is no number', { ...type('application/json', { 'content-length': 'x' }), body: '{}' }],
  ['a form with a bad escape', { ...type('application/x-www-form-urlencoded'), body: '%' }],
  [
    'a multipart form that ends within a part',
    { ...type('multipart/form-data; boundary=b'), body: '--b\r\n\r\nx' },
  ],
  ['a multipart form without a part', { ...type('multipart/form-data; boundary=b'), body: 'x' }],
  ['malformed parameters of a type', { ...type('multipart/form-data; boundary'), body: 'x' }],
] as const) {
  test(`${title} cannot be parsed, and the request is refused as such`, (t) => {
    t.regex(refusalOf(http(request)) ?? '', /^request_parse_error: /);
  });
}

test('a gRPC body is read by its method’s descriptor, in protobuf’s JSON mapping', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-descriptors-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'port.pb');
  const set = portDescriptors();
  writeFileSync(file, set);
  const definitions = loadFileDescriptorSetFromBuffer(set, { keepCase: true, enums: String, longs: String });
  const codecOf = (name: string) => definitions[name] as unknown as MessageTypeDefinition<object, object>;
  const message = codecOf('harbour.Arrival').serialize({
    ship_name: 'Mara',
    tons: '9007199254740993',
    draught: 1.23,
    seal: Buffer.from([1, 2]),
    flag: 'FLAG_RED',
    masts: [0, 3],
    crew: [{ key: 'olga', value: 'FLAG_RED' }, { key: 'piet' }],
    at: { seconds: '1700000000', nanos: 120_000_000 },
    pilot: {},
    extra: {
      type_url: 'type.googleapis.com/google.protobuf.StringValue',
      value: codecOf('google.protobuf.StringValue').serialize({ value: 'note' }),
    },
    towing: { ship_name: 'Barge', tons: '0' },
  });
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.byteLength]), message]);
  const grpc = { skipBody: false, grpc: readGrpcBodies(file) };
  const call = (path: string, raw: Buffer) =>
    http({ path, ...type('application/grpc+proto'), raw_body: raw });
  t.deepEqual(documentOf(call('/harbour.Port/Arrive', frame), grpc)['parsed_body'], {
    shipName: 'Mara',
    tons: '9007199254740993',
    draught: 1.23,
    seal: 'AQI=',
    flag: 'FLAG_RED',
    masts: [0, 3],
    crew: { olga: 'FLAG_RED', piet: 'FLAG_NONE' },
    at: '2023-11-14T22:13:20.120Z',
    pilot: '',
    extra: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: 'note' },
    towing: { shipName: 'Barge' },
  });
  const asked = (path: string, raw: Buffer) => documentOf(call(path, raw), grpc);
  t.deepEqual(asked('/harbour.Port/Sail', frame)['parsed_body'], null, 'no such method');
  t.deepEqual(asked('/harbour.Port/Stream', frame)['parsed_body'], null, 'the client streams');
  t.deepEqual(
    asked('/harbour.Port/Arrive', Buffer.from([1, ...frame.subarray(1)]))['parsed_body'],
    null,
    'compressed',
  );
  t.is(asked('/harbour.Port/Arrive', frame.subarray(0, -1))['truncated_body'], true);
  const garbled = Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff]);
  t.throws(() => asked('/harbour.Port/Arrive', garbled), {
    message: /request_parse_error: .*no harbour.Arrival/,
  });
  t.throws(() => asked('/harbour.Port/Arrive/x', frame), { message: /request_parse_error/ });
});

test('a descriptor set that is none is told with its file', (t) => {
  t.throws(() => readGrpcBodies('/nowhere/services.pb'), {
    code: 'PDP_CONFIG_INVALID',
    message: /compat\.proto_descriptor: \/nowhere\/services\.pb/,
  });
});
