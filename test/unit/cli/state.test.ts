import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { issueCrl } from '../../../src/ca/index.ts';
import { openStore } from '../../../src/store/open.ts';
import { readKeptTime, writeKeptTime } from '../../../src/store/kept-time.ts';
import { newState } from '../../../src/server/sources/source-view.ts';
import { writeSourceState } from '../../../src/store/source-states.ts';
import type { Store } from '../../../src/store/types.ts';
import { deviceId, makeInstallation, type Installation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve, type Run } from './helpers/run.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
const hour = 3_600_000;

interface Site extends Installation {
  readonly run: (...args: string[]) => Promise<Run>;
  readonly state: string;
}

/** An installation with a device, its CRLs, a hold and keys to sign with. */
async function makeSite(): Promise<Site> {
  const made = await makeInstallation();
  writeFileSync(made.path('key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(made.path('key.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(made.path('other.pub'), otherKey.export({ type: 'spki', format: 'pem' }));
  const run = (...args: string[]) => portreeve([...args, '--json'], { cwd: made.folder });
  for (const args of [
    ['device', 'import', 'devices.ndjson'],
    ['crl', 'import', 'root.crl', 'meters.crl'],
    ['hold', 'add', '--device', 'elsewhere', '--no-end', '--why', 'case 1'],
  ])
    if ((await run(...args)).code !== 0) throw new Error(args.join(' '));
  return { ...made, run, state: made.path('portreeve.db') };
}

async function ok(t: ExecutionContext, run: Promise<Run>): Promise<Record<string, unknown>> {
  const done = await run;
  t.is(done.code, 0, done.stdout);
  return onlyObject(done);
}

async function refused(t: ExecutionContext, run: Promise<Run>, code: string): Promise<GoingBack[]> {
  const done = await run;
  const { error } = onlyObject(done) as { error: { code: string; going_back?: GoingBack[] } };
  t.deepEqual([done.code, error.code], [2, code], done.stdout);
  return error.going_back ?? [];
}

interface GoingBack {
  readonly kind: string;
  readonly count: number;
  readonly what: string;
}

/** Where the configuration has its state. */
function stateOf(folder: string): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => /\.db$/.test(name));
  return join(folder, found ?? '');
}

function change(path: string, work: (store: Store) => void): void {
  const store = openStore({ path, mode: 'read_write', now: 0 });
  work(store);
  store.close();
}

test('a signed snapshot brings an empty folder to the same state, with the configuration that it carries', async (t) => {
  const site = await makeSite();
  const taken = await ok(t, site.run('state', 'snapshot', 's', '--sign', 'key.pem', '--with-config'));
  t.like(taken, { signed: true, sequence: 4, holds_in_force: 1, configuration_file: 'portreeve.yaml' });
  t.is(statSync(site.path('s')).mode & 0o777, 0o600);
  t.deepEqual(
    readdirSync(site.folder).filter((name) => name.includes('.part')),
    [],
  );
  const done = await ok(
    t,
    site.run('state', 'restore', 's', '--verify', 'key.pub', '--with-config', site.path('new')),
  );
  t.like(done, { signed: true, verified: true, sequence: 4, epoch: 5, replaced: null, going_back: [] });
  t.not(done['instance'], taken['instance'], 'the first may still be in use');
  t.is(done['former_instance'], taken['instance']);
  const there = { cwd: site.path('new') };
  for (const command of [
    ['device', 'get', deviceId],
    ['hold', 'list'],
    ['crl', 'status'],
  ]) {
    const [before, after] = [await site.run(...command), await portreeve([...command, '--json'], there)];
    const ageless = ({ stdout }: Run) => stdout.replaceAll(/"(age|remaining)_s":-?\d+/g, '');
    t.deepEqual([after.code, ageless(after)], [before.code, ageless(before)]);
  }
  t.deepEqual(
    readdirSync(site.path('new')).filter((name) => name.startsWith('.restore')),
    [],
  );
});

test('private keys and headers never leave with a configuration', async (t) => {
  const site = await makeSite();
  mkdirSync(site.path('tls'));
  for (const name of ['server.key', 'server.pem']) writeFileSync(site.path(`tls/${name}`), 'PRIVATE KEY');
  writeFileSync(
    site.config,
    readFileSync(site.config, 'utf8').replace(
      "{ name: local, address: '127.0.0.1:0', pep: envoy }",
      "{ name: local, address: '127.0.0.1:0', tls: { certificate: tls/server.pem, key: tls/server.key, client_cas: [mesh] } }",
    ) + 'site: here\n',
  );
  writeFileSync(
    site.config,
    readFileSync(site.config, 'utf8')
      .replace('  - name: envoy', '  - { name: envoy, match: { san: envoy.example, ca: mesh } }')
      .replace('trust:', 'trust:\n  pep_cas: [{ name: mesh, file: root.pem }]'),
  );
  const taken = await ok(t, site.run('state', 'snapshot', 's', '--with-config'));
  const names = (taken['files'] as { name: string }[]).map(({ name }) => name);
  t.true(names.includes('config/root.pem'));
  const why = (taken['not_carried'] as { path: string; why: string }[]).map((one) => [one.path, one.why]);
  t.deepEqual(why.sort(), [
    [site.path('tls/server.key'), 'secret'],
    [site.path('tls/server.pem'), 'secret'],
  ]);
  t.false(gunzipSync(readFileSync(site.path('s'))).includes('PRIVATE KEY'));
});

test('what is not whole, not signed by the key that was asked for, or changed, is refused and nothing is touched', async (t) => {
  const site = await makeSite();
  await ok(t, site.run('state', 'snapshot', 's', '--sign', 'key.pem'));
  await ok(t, site.run('state', 'snapshot', 'unsigned'));
  const whole = gunzipSync(readFileSync(site.path('s')));
  const put = (name: string, bytes: Uint8Array) => writeFileSync(site.path(name), bytes);
  const changed = (from: string, to: string) =>
    Buffer.from(whole.toString('latin1').replace(from, to), 'latin1');
  const flipped = Buffer.from(whole);
  const at = flipped.indexOf('SQLite format 3') + 4096;
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  put('cut', readFileSync(site.path('s')).subarray(0, -200));
  put('cut-inside', gzipSync(whole.subarray(0, -8192)));
  put('flipped', gzipSync(flipped));
  put('manifest', gzipSync(changed('"holds_in_force": 1', '"holds_in_force": 0')));
  put('longer', gzipSync(Buffer.concat([whole, Buffer.from('more')])));
  put('text', Buffer.from('not a snapshot'));
  put('newer', gzipSync(changed('"format": 1', '"format": 9')));
  put('newer-store', gzipSync(changed('"store_format": 4', '"store_format": 8')));
  const target = ['--config', site.path('empty/portreeve.yaml')];
  mkdirSync(site.path('empty'));
  for (const name of ['root.pem', 'meters.pem', 'portreeve.yaml'])
    writeFileSync(site.path(`empty/${name}`), readFileSync(site.path(name)));
  const restore = (name: string, ...more: string[]) => site.run('state', 'restore', name, ...more, ...target);

  for (const name of ['cut', 'cut-inside', 'flipped', 'longer', 'text', 'gone'])
    for (const more of [[], ['--force', '--why', 'x']])
      await refused(t, restore(name, ...more), 'PDP_INPUT_MALFORMED');
  await refused(t, restore('newer'), 'PDP_FORMAT_NEWER');
  await refused(t, restore('newer-store'), 'PDP_STORE_NEWER');
  await refused(t, restore('manifest', '--verify', 'key.pub'), 'PDP_SOURCE_REFUSED');
  await refused(t, restore('newer', '--verify', 'key.pub'), 'PDP_SOURCE_REFUSED');
  await refused(t, restore('unsigned', '--verify', 'key.pub'), 'PDP_SOURCE_REFUSED');
  await refused(t, restore('s', '--verify', 'other.pub', '--force', '--why', 'x'), 'PDP_SOURCE_REFUSED');
  await refused(t, restore('s', '--verify', 'key.pem'), 'PDP_SOURCE_REFUSED');
  await refused(t, restore('s', '--force'), 'PDP_USAGE');
  t.deepEqual(readdirSync(site.path('empty')).sort(), ['meters.pem', 'portreeve.yaml', 'root.pem']);
  t.like(await ok(t, restore('unsigned')), {
    signed: false,
    verified: false,
    warnings: ['it is not signed'],
  });
});

test('nothing that is known goes back silently: it is told by kind, and goes back only by force', async (t) => {
  const site = await makeSite();
  const taken = await ok(t, site.run('state', 'snapshot', 's', '--sign', 'key.pem'));
  const restore = (...more: string[]) => site.run('state', 'restore', 's', '--verify', 'key.pub', ...more);
  // The same again is no older.
  t.like(await ok(t, restore()), { epoch: 5, instance: taken['instance'], going_back: [] });
  t.like(await ok(t, restore()), { epoch: 6, replaced: { instance: taken['instance'], sequence: 5 } });

  const now = Date.now();
  const list = await issueCrl(site.issuer, {
    ...{ number: 2, thisUpdate: now - hour / 2, nextUpdate: now + hour },
    revoked: [{ serial: site.leaf.serial, at: now - hour, reason: 'keyCompromise' }],
  });
  writeFileSync(site.path('meters.crl'), list.der);
  await ok(t, site.run('crl', 'import', 'meters.crl'));
  const before = readFileSync(stateOf(site.folder));
  const [crl, ...others] = await refused(t, restore(), 'PDP_STATE_OLDER');
  t.deepEqual([crl?.kind, crl?.count, others], ['crl', 1, []]);
  t.regex(crl?.what ?? '', /from number 02 to number 01 .*; 1 of its entries would not be revoked/);
  t.deepEqual(readFileSync(stateOf(site.folder)), before);

  await ok(t, site.run('hold', 'add', '--class', 'camera', '--no-end', '--why', 'case 2'));
  await ok(t, site.run('device', 'set-status', deviceId, 'lost', '--why', 'case 3'));
  change(stateOf(site.folder), (store) => {
    const source = newState('devices', 'fleet', '/fleet.ndjson');
    writeSourceState(store, { ...source, sequence: 42, sequenceDigest: 'a'.repeat(64) });
    writeKeptTime(store, { kept: now + 9 * hour, confirmed: now, resets: 0 });
  });
  const back = await refused(t, restore(), 'PDP_STATE_OLDER');
  t.deepEqual(
    back.map(({ kind, count }) => [kind, count]),
    [
      ['hold', 1],
      ['crl', 1],
      ['device', 1],
      ['changes', 2],
      ['sequence', 1],
    ],
  );
  t.regex(back[2]?.what ?? '', /default\/meter-0001: lost/);

  const done = await ok(t, restore('--force', '--why', 'case 4'));
  t.deepEqual(done['going_back'], back);
  // Numbers of changes are never used twice.
  t.deepEqual([done['epoch'], done['instance']], [10, taken['instance']]);
  t.like(await ok(t, site.run('device', 'get', deviceId)), { status: 'active' });
  change(stateOf(site.folder), (store) => {
    t.is(readKeptTime(store)?.kept, now + 9 * hour, 'time never goes back');
    const [act, ...more] = store.changesSince(4, 9);
    t.like(act, { epoch: 10, kind: 'state.restore', why: 'case 4' });
    t.like(act?.detail, { forced: true, former_sequence: 4, replaced: { sequence: 9 } });
    t.deepEqual((act?.detail['going_back'] as Record<string, object>)['hold'], { things: 1, count: 1 });
    t.deepEqual(more, []);
  });
});

test('a state that cannot be read is replaced only by force', async (t) => {
  const site = await makeSite();
  await ok(t, site.run('state', 'snapshot', 's'));
  const state = stateOf(site.folder);
  writeFileSync(state, 'rubbish');
  for (const log of [`${state}-wal`, `${state}-shm`]) if (existsSync(log)) writeFileSync(log, '');
  await refused(t, site.run('state', 'restore', 's'), 'PDP_STORE_UNAVAILABLE');
  t.is(readFileSync(state, 'utf8'), 'rubbish');
  await ok(t, site.run('state', 'restore', 's', '--force', '--why', 'the disk is broken'));
  t.like(await ok(t, site.run('device', 'get', deviceId)), { status: 'active' });
});

test('a configuration that is there is not overwritten', async (t) => {
  const site = await makeSite();
  await ok(t, site.run('state', 'snapshot', 's', '--with-config'));
  await ok(t, site.run('state', 'snapshot', 'without'));
  mkdirSync(site.path('new'));
  writeFileSync(site.path('new/root.pem'), 'another');
  await refused(t, site.run('state', 'restore', 's', '--with-config', 'new'), 'PDP_USAGE');
  t.deepEqual(readdirSync(site.path('new')), ['root.pem']);
  await refused(t, site.run('state', 'restore', 'without', '--with-config', 'new'), 'PDP_USAGE');
  await ok(t, site.run('state', 'restore', 's', '--with-config', 'new', '--force', '--why', 'case 5'));
  t.deepEqual(readFileSync(site.path('new/root.pem')), readFileSync(site.path('root.pem')));
});
