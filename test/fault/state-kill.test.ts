import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { listHolds } from '../../src/revocation/holds/list.ts';
import { openStore } from '../../src/store/open.ts';
import { sweepRetired } from '../../src/store/sweep.ts';
import { crlOf, fleet, importInto, minute, now, temporaryFolder } from '../helpers/crl-fixtures.ts';
import { device, importRows } from '../helpers/inventory.ts';
import { runStoreChild, type StoreChild } from '../helpers/run-store-child.ts';
import { presentIn, wrongIn } from '../helpers/state-seen.ts';
import type { WatcherMessage } from '../helpers/state-watcher.ts';
import { temporaryStore } from '../helpers/temporary-store.ts';

const kills = Math.ceil(2 * Number(process.env['SOAK_FACTOR'] ?? 1));
const all = 2000;
const left = 1000;
const entries = 3000;
const helper = (name: string): string => fileURLToPath(new URL(`../helpers/${name}.ts`, import.meta.url));
const { root, ca } = await fleet();

function crl(number: number): Promise<Uint8Array> {
  const revoked = Array.from({ length: entries + number }, (_, index) => ({
    serial: (0x100000 + number * 1000 + index).toString(16),
    at: now - minute,
  }));
  return crlOf(ca, { number, revoked });
}

/** A reader beside everything; `end` answers how often it looked. */
async function startWatcher(
  t: ExecutionContext,
  path: string,
): Promise<{ readonly wrong: readonly string[]; end(): Promise<number> }> {
  const child = fork(helper('state-watcher'), [path, `${all},${left}`, ca.keyDigest], { execArgv: [] });
  t.teardown(() => void child.kill('SIGKILL'));
  const wrong: string[] = [];
  const [watching, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<number>()];
  child.on('message', (message: WatcherMessage) => {
    if (message.is === 'watching') watching.resolve();
    else if (message.is === 'wrong') wrong.push(message.what);
    else ended.resolve(message.looks);
  });
  child.on('close', (code) => ended.reject(new Error(`the watcher ended (${code})`)));
  await watching.promise;
  return {
    wrong,
    end: () => {
      child.send('end');
      return ended.promise;
    },
  };
}

interface Acknowledged {
  readonly devices: number | undefined;
  readonly number: number | undefined;
  readonly told: StoreChild['told'];
}

/** A whole import, a CRL and holds, each in a process of its own, all killed at one random moment. */
async function killAll(
  t: ExecutionContext,
  path: string,
  next: { readonly rows: number; readonly number: number; readonly list: string; readonly authority: string },
  aim: number,
): Promise<Acknowledged> {
  const importing = runStoreChild(t, path, { act: 'import', rows: next.rows, status: 'active', whole: true });
  const holding = runStoreChild(t, path, { act: 'hold' });
  await Promise.all([importing.until('opened'), holding.until('held')]);
  const listing = spawn(process.execPath, [
    helper('import-crl-process'),
    ...[path, next.list, next.authority, String(now)],
  ]);
  const listed = once(listing, 'exit') as Promise<[number | null]>;
  await pause(Math.random() * 2 * aim);
  for (const child of [importing.process, holding.process, listing]) child.kill('SIGKILL');
  const [[code]] = await Promise.all([listed, importing.ended, holding.ended]);
  return {
    devices: importing.told.some(({ at }) => at === 'done') ? next.rows : undefined,
    number: code === 0 ? next.number : undefined,
    told: holding.told,
  };
}

test('imports and holds that are killed at once leave each state before or after, seen whole by readers all the time', async (t) => {
  const store = temporaryStore(t, { busyTimeoutMs: 20_000 });
  const { path } = store;
  const folder = temporaryFolder(t);
  const [list, authority] = [join(folder, 'list.crl'), join(folder, 'ca.der')];
  writeFileSync(authority, ca.der);
  const rows = Array.from({ length: all }, (_, index) => device(`d${index}`));
  await importRows(store, rows);
  await importInto(store, [root, ca], await crl(1));
  const watcher = await startWatcher(t, path);
  let before = presentIn(store, ca.keyDigest);
  // Milliseconds; moves with each round so that about half of the kills come before an import is visible.
  let aim = 400;
  for (let round = 0; round < kills; round += 1) {
    const next = { rows: before.devices === all ? left : all, number: before.number + 1, list, authority };
    writeFileSync(list, await crl(next.number));
    const acknowledged = await killAll(t, path, next, aim);
    const reader = openStore({ path, mode: 'read_only', now: 0 });
    const after = presentIn(reader, ca.keyDigest);
    t.deepEqual(wrongIn(reader, [all, left], ca.keyDigest), [], `round ${round}`);
    t.true([before.devices, next.rows].includes(after.devices), `round ${round}: ${after.devices} devices`);
    t.true([before.number, next.number].includes(after.number), `round ${round}: list ${after.number}`);
    if (acknowledged.devices !== undefined) t.is(after.devices, acknowledged.devices, 'the import is kept');
    if (acknowledged.number !== undefined) t.is(after.number, acknowledged.number, 'the list is kept');
    const holds = listHolds(reader, { tenant: 'default', now, all: true, limit: 1_000_000 });
    const states = new Map(holds.map(({ hold_id: id, state }) => [id, state]));
    for (const message of acknowledged.told) {
      if (message.at === 'held') t.true(states.has(message.hold), 'a hold is kept');
      if (message.at === 'lifted') t.is(states.get(message.hold), 'lifted', 'a lift is kept');
    }
    reader.close();
    const changed = after.devices !== before.devices;
    t.log(`round ${round}: ${after.devices} devices, list ${after.number}, ${holds.length} holds`);
    aim *= changed ? 0.6 : 1.4;
    before = after;
  }
  const looks = await watcher.end();
  t.deepEqual(watcher.wrong, [], 'nothing between was ever seen');
  t.true(looks >= kills, `${looks} looks`);
  await sweepRetired(store, minute);
  t.deepEqual(presentIn(store, ca.keyDigest), before, 'the sweep of what was left behind changes nothing');
  for (const table of ['staged_devices', 'devices'])
    t.is(
      store.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'],
      table === 'devices' ? before.devices : 0,
    );
  t.is(store.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
});
