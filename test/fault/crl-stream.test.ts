import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { parseCertificate } from '../../src/identity/parse.ts';
import { PortreeveError } from '../../src/lib/errors.ts';
import { listInForce } from '../../src/revocation/list-entries.ts';
import { importCrlFile } from '../../src/server/helpers/import-crl-file.ts';
import { openStore } from '../../src/store/open.ts';
import { sweepRetired } from '../../src/store/sweep.ts';
import type { Store } from '../../src/store/types.ts';
import { crlOf, fleet, minute, now, temporaryFolder, temporaryStore } from '../helpers/crl-fixtures.ts';

const soak = Number(process.env['SOAK_FACTOR'] ?? 1);
const importer = fileURLToPath(new URL('../helpers/import-crl-process.ts', import.meta.url));
const { root, ca } = await fleet();
const issuers = [root, ca].map(({ der }) => parseCertificate(der));
const entries = 20_000;

function revoked(from: number, count = entries) {
  return Array.from({ length: count }, (_, index) => ({
    serial: (from + index).toString(16),
    at: now - minute,
  }));
}

/** Number and entries of the list in force, as a process that only reads sees it; it must be whole. */
function inForce(path: string): { number: string; entries: number } {
  const reader = openStore({ path, mode: 'read_only', now: 0 });
  try {
    const [listed] = listInForce(reader, ca.keyDigest, { limit: entries * 2 });
    if (!listed) throw new Error('no CRL is in force');
    const { number = '' } = listed.crl;
    if (listed.entries.length !== listed.crl.entries)
      throw new Error(`${listed.entries.length} entries of ${listed.crl.entries}`);
    return { number, entries: listed.entries.length };
  } finally {
    reader.close();
  }
}

function importFile(store: Store, path: string) {
  const job = {
    path,
    name: path,
    maxBytes: 2 ** 30,
    now,
    actor: 'server',
    why: 'test',
    keptFolder: null,
    dryRun: false,
  };
  return importCrlFile(store, job, issuers);
}

test('a streamed import that is killed leaves the list before or after it, never between', async (t) => {
  const store = temporaryStore(t);
  const folder = temporaryFolder(t);
  const [list, authority] = [join(folder, 'list.crl'), join(folder, 'ca.der')];
  writeFileSync(authority, ca.der);
  writeFileSync(list, await crlOf(ca, { number: 1, revoked: revoked(0x100000) }));
  await importFile(store, list);
  let [before, aim] = [1, 500];
  for (let round = 0; round < Math.ceil(4 * soak); round++) {
    const next = before + 1;
    writeFileSync(list, await crlOf(ca, { number: next, revoked: revoked(0x100000 + next * 1000) }));
    const child = spawn(process.execPath, [importer, store.path, list, authority, String(now)], {
      stdio: 'inherit',
    });
    const ended = once(child, 'exit') as Promise<[number | null]>;
    await Promise.race([pause(Math.random() * 2 * aim), ended]);
    child.kill('SIGKILL');
    const [code] = await ended;
    const seen = inForce(store.path);
    t.is(seen.entries, entries);
    const number = Number.parseInt(seen.number, 16);
    t.true(number === before || number === next, `round ${round}: ${number}`);
    if (code === 0) t.is(number, next, 'what was acknowledged is kept');
    t.log(`round ${round}: the list ${number === next ? 'after' : 'before'} is in force`);
    aim *= number === next ? 0.7 : 1.4;
    before = number;
  }
  await sweepRetired(store, minute);
  t.is(inForce(store.path).entries, entries);
  t.is(
    store.prepare('SELECT count(*) AS n FROM revoked').get()?.['n'],
    entries,
    'what was left behind is swept',
  );
  t.is(store.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
});

test('a stream that is cut off or garbage at any place changes nothing', async (t) => {
  const store = temporaryStore(t);
  const path = join(temporaryFolder(t), 'list.crl');
  writeFileSync(path, await crlOf(ca, { number: 1, revoked: revoked(1, 10) }));
  await importFile(store, path);
  const next = Buffer.from(await crlOf(ca, { number: 2, revoked: revoked(1, 5000) }));
  for (let round = 0; round < Math.ceil(30 * soak); round++) {
    const place = Math.floor(Math.random() * next.byteLength);
    const garbage = Buffer.from(next);
    garbage[place] = (garbage[place] as number) ^ (1 + Math.floor(Math.random() * 255));
    for (const bytes of [next.subarray(0, place), garbage]) {
      writeFileSync(path, bytes);
      const [outcome] = await importFile(store, path);
      t.true(outcome && 'error' in outcome && /^PDP_(CRL|LIMIT)/.test(outcome.error.code), `byte ${place}`);
    }
  }
  t.deepEqual(inForce(store.path), { number: '01', entries: 10 });
  t.deepEqual(store.epochs(), { local: 1 });
});

test('over a full disk an import says so, the list before stays, and room heals it', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'state.db');
  const list = join(folder, 'list.crl');
  const roomy = openStore({ path, mode: 'read_write', now });
  writeFileSync(list, await crlOf(ca, { number: 1, revoked: revoked(1, 10) }));
  await importFile(roomy, list);
  roomy.close();
  writeFileSync(list, await crlOf(ca, { number: 2, revoked: revoked(0x100000) }));
  const full = openStore({ path, mode: 'read_write', now, maxPages: 100 });
  const error = await t.throwsAsync<PortreeveError>(importFile(full, list), { instanceOf: PortreeveError });
  t.is(error.code, 'PDP_STORE_UNAVAILABLE');
  t.regex(error.message, /no room is left/);
  full.close();
  t.deepEqual(inForce(path), { number: '01', entries: 10 });
  const healed = openStore({ path, mode: 'read_write', now });
  t.like((await importFile(healed, list))[0], { done: { changed: true, added: entries, removed: 10 } });
  healed.close();
  t.deepEqual(inForce(path), { number: '02', entries });
});
