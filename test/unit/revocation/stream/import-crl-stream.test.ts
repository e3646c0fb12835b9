import { randomBytes } from 'node:crypto';
import test from 'ava';
import { createRoot } from '../../../../src/ca/index.ts';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import { signedStream, wholeMessageBytes } from '../../../../src/identity/signed-stream.ts';
import { listInForce } from '../../../../src/revocation/list-entries.ts';
import { importCrlStream, type CrlProgress } from '../../../../src/revocation/stream/import-crl-stream.ts';
import type { CrlStreamOptions } from '../../../../src/revocation/stream/import-crl-stream.ts';
import type { Store } from '../../../../src/store/types.ts';
import { crlOf, fleet, life, minute, now, temporaryStore } from '../../../helpers/crl-fixtures.ts';
import { chunked } from '../../../helpers/crl-stream.ts';

const { root, ca } = await fleet();
const issuers = [root, ca].map(({ der }) => parseCertificate(der));
const origin = { issuers, source: 'test.crl', now, actor: 'operator', why: 'test' };

function revoked(count: number, from = 0x10000) {
  return Array.from({ length: count }, (_, index) => ({
    serial: (from + index).toString(16),
    at: now - minute,
  }));
}

function importBytes(store: Store, bytes: Uint8Array, o: Partial<CrlStreamOptions> = {}) {
  return importCrlStream(store, { ...origin, open: () => chunked(bytes, [1000]), ...o });
}

function count(store: Store, table: string): number {
  return Number(store.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
}

test('a list of many pieces is in force whole, with what came and went', async (t) => {
  const store = temporaryStore(t);
  await importBytes(store, await crlOf(ca, { number: 1, revoked: revoked(3000) }));
  const done = await importBytes(
    store,
    await crlOf(ca, { number: 2, revoked: revoked(3000, 0x10000 + 500) }),
  );
  t.like(done, { changed: true, added: 500, removed: 500, crl: { entries: 3000, number: '02' } });
  const [listed] = listInForce(store, ca.keyDigest, { limit: 1 });
  t.is(listed?.entries[0]?.serial, '0101f4');
});

test('serial numbers of every length and order are all found again', async (t) => {
  const store = temporaryStore(t);
  const serials = Array.from(
    { length: 4000 },
    (_, index) =>
      `5${randomBytes(1 + (index % 16))
        .toString('hex')
        .slice(1)}`,
  );
  const different = new Set(serials);
  await importBytes(
    store,
    await crlOf(ca, { revoked: serials.map((serial) => ({ serial, at: now - minute })) }),
  );
  for (const serial of different)
    t.is(listInForce(store, ca.keyDigest, { limit: 1, serial })[0]?.entries.length, 1, serial);
  t.is(count(store, 'revoked'), different.size);
});

test('of a CRL whose signature is wrong nothing is ever written', async (t) => {
  const store = temporaryStore(t);
  const bytes = Buffer.from(await crlOf(ca, { revoked: revoked(20) }));
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  await t.throwsAsync(importBytes(store, bytes), { code: 'PDP_CRL_INVALID', message: /signature is wrong/ });
  t.is(count(store, 'generations'), 0, 'not even a generation was begun');
});

test('bytes that change between the two readings never come into force', async (t) => {
  const store = temporaryStore(t);
  const good = await crlOf(ca, { revoked: revoked(5000) });
  // The same bytes but for the first entry's serial number, as an attacker would write who waits for the check.
  const forged = Buffer.from(good);
  forged[forged.indexOf('010000', 0, 'hex') + 2] = 7;
  const shorter = good.subarray(0, good.byteLength - 5);
  for (const second of [forged, shorter, Buffer.concat([good, good])]) {
    let readings = 0;
    const open = () => chunked(readings++ === 0 ? good : second, [4096]);
    await t.throwsAsync(importBytes(store, good, { open }), {
      code: 'PDP_CRL_INVALID',
      message: /changed while it was read/,
    });
    t.is(readings, 2);
    t.is(count(store, 'crls'), 0);
    t.deepEqual(store.epochs(), {});
  }
});

test('what the source throws ends the import as it came', async (t) => {
  const store = temporaryStore(t);
  const good = await crlOf(ca, { revoked: revoked(5000) });
  let readings = 0;
  async function* failing(): AsyncGenerator<Uint8Array, void> {
    readings += 1;
    yield* chunked(readings === 1 ? good : good.subarray(0, 9000), [4096]);
    if (readings > 1) throw new Error('the disk is gone');
  }
  await t.throwsAsync(importBytes(store, good, { open: failing }), { message: 'the disk is gone' });
  t.is(count(store, 'crls'), 0);
});

test('a dry run tells what would change and changes nothing', async (t) => {
  const store = temporaryStore(t);
  await importBytes(store, await crlOf(ca, { number: 1, revoked: revoked(10) }));
  const next = await crlOf(ca, { number: 2, revoked: revoked(12, 0x10000 + 4) });
  const kept: string[] = [];
  const keep = (digest: string) => Promise.resolve(void kept.push(digest));
  const dry = await importBytes(store, next, { dryRun: true, keep });
  t.like(dry, { changed: true, epoch: null, added: 6, removed: 4, crl: { number: '02', entries: 12 } });
  t.deepEqual(kept, []);
  t.is(listInForce(store, ca.keyDigest, { limit: 1 })[0]?.crl.number, '01');
  t.is(count(store, 'revoked'), 10, 'what was staged is swept');
  t.deepEqual(store.epochs(), { local: 1 });
  t.like(await importBytes(store, next), { added: 6, removed: 4, epoch: 2 });
});

test('progress is told from the check to the last byte', async (t) => {
  const store = temporaryStore(t);
  const bytes = await crlOf(ca, { revoked: revoked(3000) });
  const told: CrlProgress[] = [];
  await importBytes(store, bytes, {
    onProgress: (progress) => told.push(progress),
    keep: async (_, der) => {
      for await (const piece of der()) void piece;
    },
  });
  const phases = [...new Set(told.map(({ phase }) => phase))];
  t.deepEqual(phases, ['check', 'keep', 'stage']);
  for (const phase of phases) {
    const own = told.filter((one) => one.phase === phase).map((one) => one.bytes);
    t.deepEqual(
      own,
      own.toSorted((a, b) => a - b),
    );
    t.is(own.at(-1), bytes.byteLength);
  }
  t.is(told.at(-1)?.totalBytes, bytes.byteLength);
});

test('more bytes than the limit are refused, as PEM too, and so is an entry without end', async (t) => {
  const store = temporaryStore(t);
  const bytes = await crlOf(ca, { revoked: revoked(100) });
  const limit = { code: 'PDP_LIMIT_EXCEEDED' };
  await t.throwsAsync(importBytes(store, bytes, { maxBytes: 1000 }), limit);
  const text = Buffer.from(
    `-----BEGIN X509 CRL-----\n${Buffer.from(bytes).toString('base64')}\n-----END X509 CRL-----\n`,
  );
  await t.throwsAsync(importBytes(store, text, { maxBytes: 1000 }), limit);
  const value = Buffer.alloc(70_000);
  const huge = await crlOf(ca, {
    revoked: [{ serial: '1', at: now, extensions: [{ oid: '1.2.3', critical: false, value }] }],
  });
  await t.throwsAsync(importBytes(store, huge), { ...limit, message: /an entry of/ });
  const wide = await crlOf(ca, {
    extensions: [{ oid: '1.2.3', critical: false, value: Buffer.alloc(2_000_000) }],
  });
  await t.throwsAsync(importBytes(store, wide), { ...limit, message: /one field/ });
});

test('signatures that need the whole message are verified over a stream, up to a limit', async (t) => {
  const store = temporaryStore(t);
  const ed = await createRoot({ subject: 'CN=Ed', key: 'ed25519', ...life });
  const own = { issuers: [parseCertificate(ed.der)] };
  const bytes = await crlOf(ed, { revoked: revoked(50) });
  t.like(await importBytes(store, bytes, own), { added: 50 });
  const forged = Buffer.from(await crlOf(ed, { number: 2, revoked: revoked(50) }));
  forged[forged.indexOf('010000', 0, 'hex') + 2] = 7;
  await t.throwsAsync(importBytes(store, forged, own), { code: 'PDP_CRL_INVALID' });
  const stream = signedStream(parseCertificate(ed.der).signatureAlgorithm.der, 1);
  const half = Buffer.alloc(wholeMessageBytes / 2);
  stream.update(half);
  stream.update(half);
  t.throws(() => stream.update(Buffer.alloc(1)), {
    code: 'PDP_LIMIT_EXCEEDED',
    message: /all of it at once/,
  });
});

test('of several CA certificates of the issuer’s name the one whose key signed counts', async (t) => {
  const store = temporaryStore(t);
  const others = await Promise.all([1, 2, 3].map(() => createRoot({ subject: ca.subject, ...life })));
  const all = [...others, ca].map(({ der }) => parseCertificate(der));
  // Without an authority key identifier each of them could be meant.
  const done = await importBytes(store, await crlOf(ca, { revoked: revoked(3) }), { issuers: all });
  t.is(done.crl.issuerKey, ca.keyDigest);
});
