import test from 'ava';
import { Readable, Writable } from 'node:stream';
import { issueLeaf } from '../../../src/ca/index.ts';
import { runBatch } from '../../../src/cli/cert/batch.ts';
import { lines } from '../../../src/cli/cert/lines.ts';
import { makeChain } from './helpers/certificates.ts';
import { portreeve } from './helpers/run.ts';

const chain = await makeChain();
const { request, crls, fingerprints } = chain;
const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

interface Result {
  readonly id: unknown;
  readonly valid?: boolean;
  readonly error?: string;
  readonly reasons?: readonly {
    readonly code: string;
    readonly message: string;
    readonly certificate: number | null;
  }[];
  readonly lint?: readonly { readonly code: string; readonly certificate: number | null }[];
  readonly path?: readonly string[];
}

function collector(): { readonly stream: Writable; readonly text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

async function answer(...requests: readonly unknown[]): Promise<Result[]> {
  const input = requests.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');
  const { stream, text } = collector();
  await runBatch(Readable.from([Buffer.from(`${input}\n`)]), stream);
  return text()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Result);
}

async function codes(
  more: Readonly<Record<string, unknown>>,
): Promise<readonly (string | boolean | undefined)[]> {
  const [result] = await answer({ ...request, ...more });
  return [result?.valid, ...(result?.reasons ?? []).map(({ code }) => code)];
}

test('a valid request is answered with the fingerprints of its path, leaf first, and nothing else', async (t) => {
  t.deepEqual(await answer(request), [{ id: 'one', valid: true, reasons: [], lint: [], path: fingerprints }]);
});

test('a reason carries its code, the RFC section and the place of the certificate', async (t) => {
  const [result] = await answer({ ...request, at: '2027-01-01T00:00:00Z' });
  t.false(result?.valid);
  const [reason] = result?.reasons ?? [];
  t.is(reason?.code, 'credential.expired');
  t.regex(reason?.message ?? '', /\[RFC 5280 section 6\.1\.3 \(a\)\(2\)\]$/);
  t.is(reason?.certificate, 0);
});

test('the order of requests is kept, and their ids are texts or numbers', async (t) => {
  const ids = ['b', 'a', 7, '', 'b'];
  const results = await answer(...ids.map((id) => ({ ...request, id })));
  t.deepEqual(
    results.map(({ id }) => id),
    ids,
  );
});

const twice = (more: string): string =>
  `${JSON.stringify({ ...request, strict: false }).slice(0, -1)},${more}}`;

const noRequest: readonly (readonly [what: string, line: unknown, id: unknown, error: RegExp])[] = [
  ['an unknown key', { ...request, colour: 'red' }, 'one', /unknown key "colour"/],
  ['a key of every object', { ...request, constructor: 1 }, 'one', /unknown key "constructor"/],
  ['a missing leaf', { ...request, leaf: undefined }, 'one', /missing: leaf/],
  ['no fields but an id', { id: 3 }, 3, /missing: anchors, leaf, at/],
  ['a missing id', { ...request, id: undefined }, null, /missing: id/],
  [
    'an id beyond exact numbers',
    JSON.stringify({ ...request, id: 1 }).replace('1', '9007199254740993'),
    null,
    /id must be/,
  ],
  ['an id that is infinite', JSON.stringify({ ...request, id: 1 }).replace('1', '1e999'), null, /id must be/],
  ['an id that is a fraction', { ...request, id: 1.5 }, null, /id must be/],
  ['an id that is null', { ...request, id: null }, null, /id must be/],
  ['a key that comes twice', twice('"leaf":"x"'), 'one', /"leaf" comes twice/],
  [
    'a key that comes twice, written otherwise',
    twice('"\\u0061t":"2050-01-01T00:00:00Z"'),
    'one',
    /"at" comes twice/,
  ],
  ['an id that comes twice', twice('"id":"two"'), null, /"id" comes twice/],
  ['an id that is an object', { ...request, id: {} }, null, /id must be/],
  ['a time that is none', { ...request, at: '2026-06-01' }, 'one', /at must be/],
  ['anchors that are one text', { ...request, anchors: chain.root.pem }, 'one', /anchors must be/],
  ['a purpose that is none', { ...request, eku: ['client'] }, 'one', /eku must be/],
  ['a negative depth', { ...request, max_depth: -1 }, 'one', /max_depth must be/],
  ['a flag that is a text', { ...request, strict: 'false' }, 'one', /strict must be/],
  ['a flag that is null', { ...request, require_revocation: null }, 'one', /require_revocation must be/],
  ['an array', [request], null, /not an object/],
  ['null', 'null', null, /not an object/],
  ['an empty line', '', null, /not JSON/],
  ['half an object', '{"id":"x"', null, /not JSON/],
];

for (const [what, line, id, error] of noRequest) {
  test(`${what} is answered with an error, and the run goes on`, async (t) => {
    const results = await answer(line, request);
    t.is(results.length, 2);
    t.deepEqual(Object.keys(results[0] ?? {}), ['id', 'error']);
    t.is(results[0]?.id, id);
    t.regex(results[0]?.error ?? '', error);
    t.true(results[1]?.valid);
  });
}

test('empty arrays and null of what a program does not have mean absent', async (t) => {
  t.deepEqual(await codes({ crls: [], eku: [], initial_policy_set: [] }), [true]);
  t.deepEqual(await codes({ crls: null, eku: null, max_depth: null, initial_policy_set: null }), [true]);
});

test('a leaf that cannot be read is not valid', async (t) => {
  for (const leaf of [broken, '', 'leaf', chain.leaf.pem + chain.ca.pem, crls.caCrl]) {
    t.deepEqual(await codes({ leaf }), [false, 'identity.unparsable_certificate']);
  }
});

test('without an anchor that can be read nothing is valid', async (t) => {
  for (const anchors of [[], [broken], ['anchor']]) {
    t.deepEqual(await codes({ anchors }), [false, 'chain.untrusted_anchor']);
  }
  t.deepEqual(await codes({ anchors: [broken, chain.root.pem] }), [true]);
});

test('a leaf that is the anchor itself is its own path, and where CRLs are required one must be about it', async (t) => {
  const itself = { leaf: chain.root.pem, intermediates: [] };
  const [result] = await answer({ ...request, ...itself });
  t.deepEqual(result?.path, [chain.root.fingerprint]);
  t.true(result?.valid);
  t.deepEqual(await codes({ ...itself, require_revocation: true }), [false, 'revocation.crl_missing']);
});

test('texts are told apart by their bounds: one with NUL within is not two', async (t) => {
  const { pem } = chain.root;
  const results = await answer(
    { ...request, anchors: [`${pem}\0${pem}`] },
    { ...request, anchors: [pem, pem] },
  );
  const alone = await answer({ ...request, anchors: [pem, pem] });
  t.deepEqual(results[1], alone[0]);
  const other = await answer(
    { ...request, anchors: [pem, pem] },
    { ...request, anchors: [`${pem}\0${pem}`] },
  );
  t.deepEqual(other[1], results[0]);
});

test('an anchor that cannot be read and is not needed is lint as such', async (t) => {
  const [result] = await answer({ ...request, anchors: [broken, chain.root.pem] });
  t.true(result?.valid);
  t.deepEqual(
    result?.lint?.map(({ code }) => code),
    ['anchor_unreadable'],
  );
});

test('what is finer than a millisecond counts at both ends of validity', async (t) => {
  const [begin, end] = ['2026-05-31T06:00:00', '2026-06-04T10:00:00'];
  t.deepEqual(await codes({ at: `${begin}.000000000Z` }), [true]);
  t.deepEqual(await codes({ at: `${end}.000000000Z` }), [true]);
  for (const fraction of ['0001', '000000001']) {
    const [valid, code] = await codes({ at: `${end}.${fraction}Z` });
    t.deepEqual([valid, code], [false, 'credential.expired']);
  }
  t.false((await codes({ at: '2026-05-31T05:59:59.9999Z' }))[0]);
});

test('strings with quotes, brackets and backslashes are no keys', async (t) => {
  for (const id of ['"id":', '\\', '\\"', '{"id":1,"id":2}', '],"leaf":"']) {
    t.is((await answer({ ...request, id }))[0]?.valid, true, id);
  }
});

test('a byte order mark before the first line is passed over, and only there', async (t) => {
  const line = JSON.stringify(request);
  const results = await answer(`\ufeff${line}`, line, `\ufeff${line}`);
  t.deepEqual(
    results.map(({ valid, error }) => valid ?? error?.slice(0, 20)),
    [true, true, 'the line is not JSON'],
  );
});

test('an OID may have an arc of 128 bits', async (t) => {
  const oid = '2.25.329800735698586629295641978511506172918';
  t.deepEqual(await codes({ eku: [oid] }), [false, 'credential.eku_missing_client_auth']);
  t.deepEqual(await codes({ initial_policy_set: [oid] }), [true]);
});

test('an intermediate that cannot be read and is not needed is lint', async (t) => {
  for (const strict of [false, true]) {
    const [result] = await answer({ ...request, intermediates: [broken, chain.ca.pem], strict });
    t.true(result?.valid);
    t.deepEqual(
      result?.lint?.map(({ code, certificate }) => [code, certificate]),
      [['intermediate_unreadable', null]],
    );
  }
});

test('purposes are required only where they are asked for, by name or OID', async (t) => {
  t.deepEqual(await codes({ eku: ['clientAuth'] }), [true]);
  t.deepEqual(await codes({ eku: ['1.3.6.1.5.5.7.3.2'] }), [true]);
  t.deepEqual(await codes({ eku: ['serverAuth'] }), [false, 'credential.eku_missing_client_auth']);
});

test('max_depth counts intermediates', async (t) => {
  t.deepEqual(await codes({ max_depth: 1 }), [true]);
  t.deepEqual(await codes({ max_depth: 0 }), [false, 'chain.too_long']);
});

test('with require_revocation a missing or stale CRL of any certificate denies', async (t) => {
  const require_revocation = true;
  const both = [crls.rootCrl, crls.caCrl];
  t.deepEqual(await codes({ require_revocation, crls: both }), [true]);
  const missing = 'revocation.crl_missing';
  t.deepEqual(await codes({ require_revocation }), [false, missing, missing]);
  t.deepEqual(await codes({ require_revocation, crls: [crls.caCrl] }), [false, missing]);
  const stale = 'revocation.crl_stale';
  t.deepEqual(await codes({ require_revocation, crls: both, at: '2026-06-01T15:00:00Z' }), [
    false,
    stale,
    stale,
  ]);
});

test('without it given CRLs revoke, but missing, stale and unreadable ones do not deny', async (t) => {
  t.deepEqual(await codes({ crls: [crls.revoking] }), [false, 'revocation.revoked']);
  t.deepEqual(await codes({ crls: [crls.caCrl], at: '2026-06-01T15:00:00Z' }), [true]);
  t.deepEqual(await codes({ crls: ['nonsense'] }), [true]);
  t.deepEqual(await codes({ crls: ['nonsense'], strict: true }), [false, 'credential.lint_strict']);
});

test('policies are inputs: an explicit policy that no certificate has denies', async (t) => {
  t.deepEqual(await codes({ initial_policy_set: ['1.2.3'] }), [true]);
  t.deepEqual(await codes({ initial_explicit_policy: true }), [false, 'chain.policy_unsatisfied']);
});

test('a line that is not UTF-8 or too long is an error, and the next ones are answered', async (t) => {
  const { stream, text } = collector();
  const good = Buffer.from(`${JSON.stringify(request)}\n`);
  await runBatch(Readable.from([Buffer.from([0x22, 0xff, 0x22, 0x0a]), good]), stream);
  t.regex(text(), /^\{"id":null,"error":"the line is not UTF-8"\}\n\{"id":"one","valid":true/);
  const found: unknown[] = [];
  const input = ['abc', 'defgh\r\nij\n', '', 'k', 'l'].map((part) => Buffer.from(part));
  for await (const some of lines(Readable.from(input), 4)) found.push(...some);
  t.deepEqual(found, [{ problem: 'the line is longer than 4 bytes' }, { text: 'ij' }, { text: 'kl' }]);
});

test('no more is read than is written: a reader that does not take its results holds up the input', async (t) => {
  let read = 0;
  function* source(): Generator<Buffer> {
    for (; read < 500; read++) yield Buffer.from(`${JSON.stringify({ ...request, id: read })}\n`);
  }
  let release: () => void = () => undefined;
  const slow = new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      release = done;
    },
  });
  const run = runBatch(Readable.from(source(), { highWaterMark: 1 }), slow);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.true(read < 10, `${read} requests were read`);
  const pump = setInterval(() => release(), 0);
  await run;
  clearInterval(pump);
  t.is(read, 500);
});

test('the command answers 0 without a configuration, whatever the results are, and prints results only', async (t) => {
  const device = await issueLeaf(chain.root, { subject: 'CN=other', ...chain.life });
  const input = [request, { ...request, id: 'two', leaf: device.pem }, 5, { ...request, leaf: broken }]
    .map((one) => JSON.stringify(one))
    .join('\n');
  const run = await portreeve(['cert', 'verify', '--batch'], { input, cwd: '/' });
  t.is(run.code, 0, run.stderr);
  t.is(run.stderr, '');
  const results = run.stdout.trimEnd().split('\n');
  t.deepEqual(
    results.map((line) => (JSON.parse(line) as Result).valid),
    [true, true, undefined, false],
  );
  t.is((await portreeve(['cert', 'verify', '--batch'], { input: '' })).stdout, '');
});

test('--batch takes nothing from the command line', async (t) => {
  for (const more of [['leaf.pem'], ['--anchors', 'x.pem'], ['--strict'], ['--json']]) {
    t.is((await portreeve(['cert', 'verify', '--batch', ...more], { input: '' })).code, 2, more.join(' '));
  }
});
