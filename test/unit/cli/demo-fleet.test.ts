import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ensureFleet } from '../../../src/cli/demo/fleet.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { claimFile } from '../../../src/store/exclusive.ts';

const addresses = { grpc: '127.0.0.1:0', rig: '127.0.0.1:0', admin: '127.0.0.1:0' };
const hour = 3_600_000;

function newFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-fleet-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a fleet is kept for a day, and made anew after it, after a step back in time, and where it was moved', async (t) => {
  const folder = join(newFolder(t), 'fleet');
  const now = systemClock.now();
  t.true((await ensureFleet(folder, addresses, now)).made);
  const inventory = readFileSync(join(folder, 'inventory.ndjson'), 'utf8');
  t.is(inventory.trimEnd().split('\n').length, 1000);
  t.false((await ensureFleet(folder, addresses, now + 23 * hour)).made);
  t.is(readFileSync(join(folder, 'inventory.ndjson'), 'utf8'), inventory);
  t.true((await ensureFleet(folder, addresses, now + 25 * hour)).made);
  t.true((await ensureFleet(folder, addresses, now)).made);
  await rename(folder, `${folder}-moved`);
  t.true((await ensureFleet(`${folder}-moved`, addresses, now)).made);
});

test('the fleet of another version of the demo, and one that is not whole, is made anew without what it had', async (t) => {
  const folder = newFolder(t);
  const now = systemClock.now();
  await ensureFleet(folder, addresses, now);
  const path = join(folder, 'demo.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"tables":"\w+"/, '"tables":"other"'));
  t.true((await ensureFleet(folder, addresses, now)).made);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"version":\d+/, '"version":1'));
  writeFileSync(join(folder, 'crls/old.crl'), 'of another shape');
  writeFileSync(join(folder, 'state.db'), 'of another format');
  t.true((await ensureFleet(folder, addresses, now)).made);
  t.false(existsSync(join(folder, 'crls/old.crl')));
  t.false((await ensureFleet(folder, addresses, now)).made);
  rmSync(path);
  t.true((await ensureFleet(folder, addresses, now)).made);
});

test('a fleet on which a server runs is not made anew beneath it', async (t) => {
  const folder = newFolder(t);
  const now = systemClock.now();
  await ensureFleet(folder, addresses, now);
  const claim = claimFile(join(folder, 'state.db'), 4711);
  t.true(claim.held);
  await t.throwsAsync(ensureFleet(folder, addresses, now + 25 * hour), {
    code: 'PDP_STORE_UNAVAILABLE',
    message: /process id 4711 runs on it/,
  });
  t.true(existsSync(join(folder, 'demo.json')));
  if (claim.held) claim.release();
  t.true((await ensureFleet(folder, addresses, now + 25 * hour)).made);
});

test('an installation that the demo did not make is left as it is', async (t) => {
  const folder = newFolder(t);
  writeFileSync(join(folder, 'state.db'), 'mine');
  const refused = { code: 'PDP_USAGE', message: /did not make/ };
  await t.throwsAsync(ensureFleet(folder, addresses, systemClock.now()), refused);
  writeFileSync(join(folder, 'portreeve.yaml'), 'version: 1\n');
  await t.throwsAsync(ensureFleet(folder, addresses, systemClock.now()), refused);
  t.is(readFileSync(join(folder, 'state.db'), 'utf8'), 'mine');
  t.is(readFileSync(join(folder, 'portreeve.yaml'), 'utf8'), 'version: 1\n');
});
