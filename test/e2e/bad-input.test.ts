import { gzipSync } from 'node:zlib';
import test from 'ava';
import type { Leaf } from '../../src/ca/index.ts';
import { padding, patched, pemOf } from '../helpers/raw-certificates.ts';
import { checkPath, decidePath, framed, framedMessage, rawClient } from '../helpers/raw-grpc.ts';
import { serveRaw } from '../helpers/raw-server.ts';
import type { RawServer } from '../helpers/raw-server.ts';

/** One server for all: nothing here changes it. */
let asked: RawServer;
const teardowns: (() => unknown)[] = [];
test.before(async () => {
  asked = await serveRaw({ teardown: (step) => teardowns.unshift(step) });
});
test.after.always(async () => {
  for (const step of teardowns) await step();
});

/** What came instead of a certificate: as a proxy and as a native caller would carry it; absent where one cannot. */
interface Presented {
  readonly text?: string;
  readonly chain?: readonly Uint8Array[];
}

const shown = ({ der, pem }: Pick<Leaf, 'der' | 'pem'>): Presented => ({
  text: encodeURIComponent(pem),
  chain: [der],
});
const meter = (options?: Parameters<RawServer['world']['leaf']>[1]): Promise<Leaf> =>
  asked.world.leaf('meter/1', options);
const native = (chain: readonly Uint8Array[]): object => ({
  peer_chain: chain,
  authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
  source_ip: '10.20.0.7',
});
const source = (certificate: string): object => ({
  address: { socket_address: { address: '10.20.0.7' } },
  certificate,
});
const http = { method: 'GET', path: '/', host: 'h' };
const onHttp = (certificate: string): object => ({
  attributes: { source: source(certificate), request: { http } },
});
const onL4 = (certificate: string): object => ({ attributes: { source: source(certificate) } });

interface BadCredential {
  readonly what: string;
  readonly make: () => Presented | Promise<Presented>;
  /** What the auditor is told of it. */
  readonly problem: RegExp;
}

/** Credentials that can be carried but not read: findings about the device, so 403 and no fault of ours. */
const badCredentials: readonly BadCredential[] = [
  {
    what: 'a PEM that is cut off',
    make: async () => ({ text: encodeURIComponent((await meter()).pem.slice(0, 300)) }),
    problem: /PEM block is cut off/,
  },
  {
    what: 'a PEM that is cut off within its URL encoding',
    make: async () => ({ text: `${encodeURIComponent((await meter()).pem.slice(0, 300))}%2` }),
    problem: /URL encoding is malformed/,
  },
  {
    what: 'a PEM that is not UTF-8',
    make: async () => ({ text: encodeURIComponent((await meter()).pem).replace('M', '%ff%fe') }),
    problem: /URL encoding is malformed or not of UTF-8/,
  },
  {
    what: 'a certificate that is cut off',
    make: async () => {
      const der = (await meter()).der.subarray(0, 200);
      return shown({ der, pem: pemOf(der) });
    },
    problem: /element longer than what holds it at byte 0/,
  },
  {
    what: 'something else than a certificate',
    make: () => {
      const der = Buffer.from('not a certificate');
      return shown({ der, pem: pemOf(der) });
    },
    problem: /element 0x30 expected, 0x6e found at byte 0/,
  },
  {
    what: 'text without any PEM block',
    make: () => ({ text: 'hello' }),
    problem: /no certificate in what was presented/,
  },
  {
    what: 'a negative serial number',
    make: async () => shown(await meter({ serial: '-7f' })),
    problem: /serial number is negative/,
  },
  {
    what: 'a NUL within a common name',
    make: async () => shown(patched(await meter({ subject: 'CN=meterX1' }), 'meterX1', 'meter\x001')),
    problem: /NUL|outside its type/,
  },
  {
    what: 'a NUL within an alternative name',
    make: async () =>
      shown(
        patched(await meter({ san: { uri: ['spiffe://fleet.example/meter/1_evil'] } }), '1_evil', '1\0evil'),
      ),
    problem: /extension 2\.5\.29\.17: string with an embedded NUL/,
  },
  {
    what: 'two certificates where the peer’s alone is expected',
    make: async () => ({ text: encodeURIComponent((await meter()).pem + asked.world.pki.meters.pem) }),
    problem: /more than one certificate/,
  },
];

for (const { what, make, problem } of badCredentials) {
  test(`${what} is denied with identity.unparsable_certificate and 403 through every door`, async (t) => {
    const { text, chain } = await make();
    const reason = 'identity.unparsable_certificate';
    const ids: string[] = [];
    if (text !== undefined) {
      const { decisionId, ...wire } = await asked.check(onHttp(text));
      t.deepEqual(wire, { code: 7, http: 403, retryAfter: false, class: 'not_authorized', reason });
      const l4 = await asked.check(onL4(text));
      t.like(l4, { code: 7, http: null, retryAfter: false, class: null, reason });
      ids.push(decisionId, l4.decisionId);
    }
    if (chain !== undefined) {
      const told = await asked.decide(native(chain));
      t.like(told, { outcome: 'OUTCOME_DENY', reasons: [{ code: reason }] });
      t.falsy(told.faults?.length);
      ids.push(told.decision_id);
    }
    for (const id of ids) {
      const record = await asked.record(id);
      t.like(record, { outcome: 'deny', enforced: true, faults: [], device_id: null, assurance: 'none' });
      t.is(record.reasons[0]?.code, reason);
      t.regex(String(record.reasons[0]?.detail?.['problem']), problem);
    }
  });
}

test('a serial number of 21 octets is its CA’s mistake: told in the record, denied below a strict anchor alone', async (t) => {
  const { text, chain = [] } = shown(await meter({ serial: '01'.repeat(21) }));
  const { decisionId, ...wire } = await asked.check(onHttp(text ?? ''));
  t.like(wire, { code: 0, http: 200, reason: 'policy.ok' });
  const told = await asked.decide(native(chain));
  t.is(told.outcome, 'OUTCOME_ALLOW');
  for (const id of [decisionId, told.decision_id]) {
    const record = await asked.record(id);
    t.true(JSON.stringify(record).includes('"code":"serial_too_long"'), id);
  }
});

interface Malformed {
  readonly what: string;
  readonly door: 'http' | 'l4' | 'native';
  readonly make: () => object | Promise<object>;
  readonly field: string;
  readonly problem: RegExp;
}

const headers = (map: Record<string, string>): object => ({
  attributes: { source: source(''), request: { http: { ...http, headers: map } } },
});
const rawHeaders = (list: readonly (readonly [string, string])[]): object => ({
  attributes: {
    source: source(''),
    request: { http: { ...http, header_map: { headers: list.map(([key, value]) => ({ key, value })) } } },
  },
});
const xfcc = 'x-forwarded-client-cert';
const forwarded = async (): Promise<string> => `Cert="${encodeURIComponent((await meter()).pem)}"`;

/** Requests that no context can be made of: the enforcement point's request is at fault, not the device. */
const malformed: readonly Malformed[] = [
  {
    what: 'a certificate of 1 MB in a chain',
    door: 'native',
    make: async () => native([(await meter({ extensions: [padding(1_000_000)] })).der]),
    field: 'request',
    problem: /has 1000\d{3} bytes, more than 262144/,
  },
  {
    what: 'a certificate of 1 MB as PEM',
    door: 'http',
    make: async () => onHttp(encodeURIComponent((await meter({ extensions: [padding(1_000_000)] })).pem)),
    field: 'request',
    problem: /has 1\d{6} bytes, more than 262144/,
  },
  {
    what: 'a certificate of 1 MB as PEM on layer 4',
    door: 'l4',
    make: async () => onL4(encodeURIComponent((await meter({ extensions: [padding(1_000_000)] })).pem)),
    field: 'request',
    problem: /more than 262144/,
  },
  {
    what: 'a certificate over its own limit in a request within its limit',
    door: 'native',
    make: async () => native([(await meter({ extensions: [padding(100_000)] })).der]),
    field: 'peer_chain',
    problem: /has a certificate that is too long/,
  },
  {
    what: 'a PEM over its own limit in a request within its limit',
    door: 'http',
    make: async () => onHttp(encodeURIComponent((await meter({ extensions: [padding(100_000)] })).pem)),
    field: 'certificate',
    problem: /has 1\d{5} characters, more than 65536/,
  },
  {
    what: 'a chain of 100 certificates',
    door: 'native',
    make: async () => native(Array<Uint8Array>(100).fill((await meter()).der)),
    field: 'peer_chain',
    problem: /has 100 certificates, more than 10/,
  },
  {
    what: 'a forwarded chain of 100 certificates',
    door: 'http',
    make: async () => {
      const chain = encodeURIComponent((await meter()).pem.repeat(100));
      return headers({ [xfcc]: `Chain="${chain}"` });
    },
    field: xfcc,
    problem: /carries a certificate that is too long/,
  },
  {
    what: 'x-forwarded-client-cert in two spellings',
    door: 'http',
    make: async () => headers({ [xfcc]: await forwarded(), 'X-Forwarded-Client-Cert': await forwarded() }),
    field: 'headers',
    problem: /have one name in two spellings/,
  },
  {
    what: 'x-forwarded-client-cert twice',
    door: 'http',
    make: async () =>
      rawHeaders([
        [xfcc, await forwarded()],
        [xfcc, await forwarded()],
      ]),
    field: xfcc,
    problem: /has 2 elements, more than the trusted proxies write: not sanitised/,
  },
  {
    what: 'x-forwarded-client-cert with two certificates in one element',
    door: 'http',
    make: async () => headers({ [xfcc]: `${await forwarded()};${await forwarded()}` }),
    field: xfcc,
    problem: /gives cert twice in one element/,
  },
  {
    what: '10,000 headers',
    door: 'http',
    make: () => headers(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`h${n}`, 'v']))),
    field: 'headers',
    problem: /has 10000 entries, more than 256/,
  },
  {
    what: '10,000 headers of one name',
    door: 'http',
    make: () => rawHeaders(Array.from({ length: 10_000 }, () => ['x-a', 'v'] as const)),
    field: 'headers.x-a',
    problem: /has 19999 characters, more than 8192/,
  },
  {
    what: 'a header of 100,000 characters',
    door: 'http',
    make: () => headers({ 'x-a': 'v'.repeat(100_000) }),
    field: 'headers.x-a',
    problem: /has 100000 characters, more than 8192/,
  },
  {
    what: 'a claimed serial number with a NUL',
    door: 'http',
    make: () => headers({ 'x-device-serial': 'SN\x00-1' }),
    field: 'claims.serial',
    problem: /control characters/,
  },
];

for (const { what, door, make, field, problem } of malformed) {
  test(`${what} (${door}) is denied with system.input_invalid`, async (t) => {
    const reason = 'system.input_invalid';
    const request = await make();
    let id: string;
    if (door === 'native') {
      const told = await asked.decide(request);
      t.like(told, { outcome: 'OUTCOME_DENY', reasons: [{ code: reason }], faults: [{ code: reason }] });
      id = told.decision_id;
    } else {
      const { decisionId, ...wire } = await asked.check(request);
      const denied = { code: 7, http: 403, retryAfter: false, class: 'not_authorized', reason };
      // What is too long to be decoded is answered as on HTTP, whose answer says more: Envoy's L4 filter skips it.
      const bare = door === 'l4' && field !== 'request';
      t.deepEqual(wire, bare ? { ...denied, http: null, class: null } : denied);
      id = decisionId;
    }
    const record = await asked.record(id);
    t.like(record, { outcome: 'deny', enforced: true, facts: null, pep: { name: 'envoy' } });
    t.like(record.faults[0], { code: reason, stage: 'context' });
    t.true(record.faults[0]?.message.startsWith(`${field}: `), record.faults[0]?.message);
    t.regex(record.faults[0]?.message ?? '', problem);
    t.is(record.reasons[0]?.detail?.['field'], field);
  });
}

test('a forwarded chain of more certificates than a path may have is denied with chain.too_long', async (t) => {
  const chain = encodeURIComponent((await meter()).pem.repeat(12));
  const { decisionId, ...wire } = await asked.check(headers({ [xfcc]: `Chain="${chain}"` }));
  t.deepEqual(wire, {
    code: 7,
    http: 403,
    retryAfter: false,
    class: 'not_authorized',
    reason: 'chain.too_long',
  });
  t.regex(
    String((await asked.record(decisionId)).reasons[0]?.detail?.['problem']),
    /more than 10 certificates presented/,
  );
});

/** What no decision can be made of, because no message of the method ever arrives: errors of gRPC or HTTP/2. */
const unanswerable: Readonly<
  Record<string, { body: readonly Uint8Array[]; headers?: object; status: number | null }>
> = {
  'a message over 4 MiB': { body: [framed(Buffer.alloc(4 * 1024 * 1024 + 1))], status: 8 },
  'a message that unpacks to more than 4 MiB': {
    body: [framed(gzipSync(Buffer.alloc(5 * 1024 * 1024)), true)],
    headers: { 'grpc-encoding': 'gzip' },
    status: 8,
  },
  'a compressed message that is not': {
    body: [framed(Buffer.from('nonsense'), true)],
    headers: { 'grpc-encoding': 'gzip' },
    status: 13,
  },
  'a call without a message': { body: [], status: 12 },
  'a message that is cut off': { body: [framed(Buffer.alloc(100)).subarray(0, 50)], status: 12 },
  '10,000 headers of the call itself': {
    body: [],
    headers: Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`x-${n}`, 'v'])),
    status: null,
  },
};
for (const [what, { body, headers: more = {}, status }] of Object.entries(unanswerable)) {
  test(`${what} gets no decision, and never an answer that lets pass`, async (t) => {
    for (const path of [checkPath, decidePath]) {
      const client = rawClient(t, asked.server.address('local'));
      const answer = await client.call({ path, body, headers: { ...more } });
      t.is(answer.grpcStatus, status, JSON.stringify(answer));
      t.is(answer.message, null);
    }
    const told = await asked.decide(native([(await meter()).der]));
    t.is(told.outcome, 'OUTCOME_ALLOW', 'the server goes on');
  });
}

test('bytes that are no message of the method are denied, not refused by gRPC', async (t) => {
  const garbage = { body: [framed(Buffer.from([0x0a, 0xff, 0xff]))] };
  const { decisionId, ...wire } = await asked.check({}, garbage);
  t.like(wire, { code: 7, http: 403, reason: 'system.input_invalid' });
  t.is((await asked.record(decisionId)).faults[0]?.message, 'request: is no such protobuf message');
  t.like(await asked.decide({}, garbage), { outcome: 'OUTCOME_DENY' });
});

test('a message that comes byte by byte is decided like any other', async (t) => {
  const message = framedMessage('portreeve.v1.DecideRequest', native([(await meter()).der]));
  const pieces = Array.from(message.subarray(0, 40), (byte) => Buffer.of(byte));
  t.like(await asked.decide({}, { body: [...pieces, message.subarray(40)] }), { outcome: 'OUTCOME_ALLOW' });
});
