import test from 'ava';
import { decodeCheck, doorOf } from '../../../src/api/ext-authz/decode.ts';
import { flattenMetadata } from '../../../src/api/ext-authz/flatten-metadata.ts';
import type { CheckRequest, WireValue } from '../../../src/api/ext-authz/wire.ts';
import { Refusal } from '../../../src/context/refusal.ts';
import type { RawConnection } from '../../../src/context/types.ts';
import { edge } from '../context/fixtures.ts';

function decoded(attributes: CheckRequest['attributes']): RawConnection {
  const raw = decodeCheck({ attributes }, edge, 'trace');
  if (raw instanceof Refusal) throw new Error(raw.problem);
  return raw;
}

test('an HTTP request is decoded in full', (t) => {
  const raw = decoded({
    source: { address: { socket_address: { address: '192.0.2.7', port_value: 4711 } }, certificate: 'pem' },
    destination: {
      address: { socket_address: { address: '2001:db8::1', port_value: 443 } },
      labels: { site: 'a' },
    },
    request: {
      http: {
        id: 'r',
        method: 'GET',
        path: '/p',
        host: 'h',
        protocol: 'HTTP/2',
        headers: { 'X-A': '1', traceparent: 'forged' },
      },
    },
    context_extensions: { tier: 'gold' },
    metadata_context: { filter_metadata: { ns: { fields: { k: { stringValue: 'v' } } } } },
    tls_session: { sni: 's' },
  });
  t.deepEqual(raw, {
    door: 'ext_authz_http',
    pep: edge,
    certificate: { form: 'url_pem', text: 'pem' },
    headers: new Map([
      ['x-a', '1'],
      ['traceparent', 'forged'],
    ]),
    contextExtensions: new Map([['tier', 'gold']]),
    metadata: new Map([['ns:k', 'v']]),
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

test('a request without HTTP came to the L4 door', (t) => {
  const raw = decoded({
    source: { certificate: 'pem' },
    destination: { address: { pipe: { path: '/run/a' } } },
  });
  t.deepEqual(raw, {
    door: 'ext_authz_l4',
    pep: edge,
    certificate: { form: 'url_pem', text: 'pem' },
    destination: '/run/a',
    protocol: 'tcp',
    traceparent: 'trace',
  });
  t.is(doorOf({ attributes: { request: { http: {} } } }), 'ext_authz_http');
});

test('the id of a request is the one that logs and upstreams know', (t) => {
  const id = (headers: Record<string, string>) =>
    decoded({ request: { http: { id: '49', headers } } }).requestId;
  t.is(id({ 'x-request-id': 'abc' }), 'abc');
  t.is(id({}), '49');
});

test('a request without attributes is refused', (t) => {
  t.true(decodeCheck({}, edge, undefined) instanceof Refusal);
});

test('headers sent as raw bytes are read as UTF-8 and joined by comma', (t) => {
  const bytes = (text: string) => Buffer.from(text);
  const raw = decoded({
    request: {
      http: {
        header_map: {
          headers: [
            { key: 'X-A', raw_value: bytes('1') },
            { key: 'x-a', raw_value: bytes('2') },
            { key: 'x-b', raw_value: Uint8Array.of(0xff) },
          ],
        },
      },
    },
  });
  t.deepEqual(
    raw.headers,
    new Map([
      ['x-a', '1,2'],
      ['x-b', '\ufffd'],
    ]),
  );
});

test('one header name in two spellings is refused: it would be open which counts', (t) => {
  const http = { headers: { 'x-a': '1', 'X-A': '2' } };
  t.true(decodeCheck({ attributes: { request: { http } } }, edge, undefined) instanceof Refusal);
});

test('metadata is flattened, without nulls', (t) => {
  const fields: Record<string, WireValue> = {
    text: { stringValue: 'a' },
    none: { nullValue: 'NULL_VALUE' },
    deep: { structValue: { fields: { number: { numberValue: 1.5 }, no: { boolValue: false } } } },
    list: {
      listValue: { values: [{ stringValue: 'x' }, { structValue: { fields: { y: { numberValue: 2 } } } }] },
    },
  };
  t.deepEqual(
    flattenMetadata({ ns: { fields } }),
    new Map([
      ['ns:text', 'a'],
      ['ns:deep.number', '1.5'],
      ['ns:deep.no', 'false'],
      ['ns:list.0', 'x'],
      ['ns:list.1.y', '2'],
    ]),
  );
});

test('metadata with two values under one flattened name, or nested without end, is refused', (t) => {
  const twice = { 'a.b': { stringValue: '1' }, a: { structValue: { fields: { b: { stringValue: '2' } } } } };
  t.true(flattenMetadata({ ns: { fields: twice } }) instanceof Refusal);
  let deep: WireValue = { stringValue: 'x' };
  for (let depth = 0; depth < 1000; depth++) deep = { structValue: { fields: { k: deep } } };
  t.true(flattenMetadata({ ns: { fields: { k: deep } } }) instanceof Refusal);
});
