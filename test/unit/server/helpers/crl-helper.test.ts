import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { listInForce } from '../../../../src/revocation/list-entries.ts';
import type { CrlProgress } from '../../../../src/revocation/stream/import-crl-stream.ts';
import { importInHelper, type HelperOptions } from '../../../../src/server/helpers/crl-helper.ts';
import { crlOf, fleet, minute, now, temporaryFolder, temporaryStore } from '../../../helpers/crl-fixtures.ts';

const { root, ca } = await fleet();
const issuers = [root, ca].map(({ der }) => der);
const list = await crlOf(ca, {
  number: 7,
  revoked: Array.from({ length: 30_000 }, (_, index) => ({
    serial: (0x10000 + index).toString(16),
    at: now - minute,
  })),
});

function asked(
  t: ExecutionContext,
  bytes: Uint8Array,
): HelperOptions & { readonly folder: string; readonly printed: string[] } {
  const folder = temporaryFolder(t);
  const path = join(folder, 'list.crl');
  writeFileSync(path, bytes);
  const printed: string[] = [];
  const job = {
    ...{ path, name: 'https://crl.example/list.crl', maxBytes: 2 ** 30, now, actor: 'server', why: 'test' },
    ...{ keptFolder: join(folder, 'kept'), dryRun: false },
  };
  return { storePath: '', issuers, job, folder, printed, log: (line) => printed.push(line) };
}

/** A helper that does something else. */
function impostor(t: ExecutionContext, code: string): string {
  const path = join(temporaryFolder(t), 'helper.mjs');
  writeFileSync(path, code);
  return path;
}

test('a CRL is imported, kept and told of by a process of its own', async (t) => {
  const store = temporaryStore(t);
  const told: CrlProgress[] = [];
  const o = asked(t, list);
  const [outcome] = await importInHelper({
    ...o,
    storePath: store.path,
    onProgress: (one) => told.push(one),
  });
  t.like(outcome, {
    source: 'https://crl.example/list.crl',
    notKept: null,
    done: { changed: true, added: 30_000, epoch: 1 },
  });
  t.is(listInForce(store, ca.keyDigest, { limit: 1 })[0]?.crl.number, '07');
  t.deepEqual(readdirSync(join(o.folder, 'kept')), [
    listInForce(store, ca.keyDigest, { limit: 1 })[0]?.crl.digest,
  ]);
  t.true(told.some(({ phase, entries }) => phase === 'stage' && entries > 0));
  t.deepEqual(o.printed, []);
});

test('what is wrong with a CRL or its file is told as it is without a helper', async (t) => {
  const store = temporaryStore(t);
  const o = { ...asked(t, list.subarray(0, 5000)), storePath: store.path };
  t.like((await importInHelper(o))[0], { error: { code: 'PDP_CRL_INVALID' } });
  await t.throwsAsync(importInHelper({ ...o, job: { ...o.job, path: join(o.folder, 'absent') } }), {
    code: 'PDP_CRL_INVALID',
    message: /^CRL file https:\/\/crl\.example\/list\.crl: .*ENOENT/,
  });
  await t.throwsAsync(importInHelper({ ...o, storePath: join(o.folder, 'list.crl', 'state.db') }), {
    code: 'PDP_STORE_UNAVAILABLE',
  });
});

test('a helper that hangs is killed, and that is told', async (t) => {
  const mark = join(temporaryFolder(t), 'pid');
  const entry = impostor(
    t,
    `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(mark)}, String(process.pid)); process.on('message', () => {}); setInterval(() => {}, 1000);`,
  );
  await t.throwsAsync(importInHelper({ ...asked(t, list), entry, silenceMs: 1500 }), {
    code: 'PDP_CHANNEL_BROKEN',
    message: /told nothing for 1500 ms \(SIGKILL\); what was in force stays/,
  });
  t.true(existsSync(mark));
});

test('a helper that ends without an answer is told, with what it printed', async (t) => {
  const o = asked(t, list);
  const entry = impostor(t, `console.error('out of memory'); process.exitCode = 134;`);
  await t.throwsAsync(importInHelper({ ...o, entry }), {
    code: 'PDP_CHANNEL_BROKEN',
    message: /exit code 134/,
  });
  t.deepEqual(o.printed, ['out of memory']);
});

test('a helper that is stopped leaves what was in force', async (t) => {
  const store = temporaryStore(t);
  const ending = new AbortController();
  const stopped = importInHelper({
    ...asked(t, list),
    storePath: store.path,
    signal: ending.signal,
    onProgress: () => ending.abort(),
  });
  await t.throwsAsync(stopped, { code: 'PDP_CHANNEL_BROKEN', message: /it was stopped/ });
  t.deepEqual(listInForce(store, ca.keyDigest, { limit: 1 }), []);
  t.deepEqual(store.epochs(), {});
});
