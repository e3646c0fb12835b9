import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { createRevocationReader } from '../../../src/revocation/reader.ts';
import { sweepRetired } from '../../../src/store/sweep.ts';
import {
  crlOf,
  fleet,
  held,
  importInto,
  minute,
  now,
  temporaryFolder,
  temporaryStore,
} from '../../helpers/crl-fixtures.ts';

const importer = fileURLToPath(new URL('../../helpers/import-crl-process.ts', import.meta.url));

test('an import killed half-way leaves the list before in force, and the next import clears up after it', async (t) => {
  const { root, ca } = await fleet();
  const store = temporaryStore(t);
  const folder = temporaryFolder(t);
  const [list, authority] = [join(folder, 'list.crl'), join(folder, 'ca.der')];
  const serials = Array.from({ length: 60_000 }, (_, index) => (index + 0x10000).toString(16));
  const revoked = serials.map((serial) => ({ serial, at: now - minute }));
  writeFileSync(list, await crlOf(ca, { number: 2, revoked }));
  writeFileSync(authority, ca.der);
  await importInto(store, [root, ca], await crlOf(ca, { number: 1, revoked: [{ serial: '1', at: now }] }));

  const rows = store.prepare<{ n: number }>('SELECT count(*) AS n FROM revoked');
  const child = spawn(process.execPath, [importer, store.path, list, authority, String(now)], {
    stdio: 'inherit',
  });
  const ended = once(child, 'exit');
  while (Number(rows.get()?.n) < 100 && child.exitCode === null) await pause(1);
  child.kill('SIGKILL');
  t.deepEqual(await ended, [null, 'SIGKILL']);

  const reader = createRevocationReader(store);
  t.true(Number(rows.get()?.n) > 1, 'something was staged');
  t.is(reader.crls()[0]?.number, '01');
  t.not(held(reader, ca, '01').entry, undefined);
  t.is(held(reader, ca, '010000').entry, undefined);
  t.is(store.changesSince(0, 10).length, 1);

  await importInto(store, [root, ca], await crlOf(ca, { number: 3 }));
  await sweepRetired(store, minute);
  t.is(rows.get()?.n, 0);
});
