import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { issueCrl } from '../../../src/ca/index.ts';
import { writeKeptTime } from '../../../src/store/kept-time.ts';
import { openStore } from '../../../src/store/open.ts';
import { deviceId, makeInstallation, type Installation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

const hour = 3_600_000;
const why = ['--why', 'case 31'];

interface Late extends Installation {
  readonly kept: number;
  /** Runs a command that must succeed, and answers what it tells machines. */
  readonly run: (...args: string[]) => Promise<Readonly<Record<string, unknown>>>;
}

/** An installation with its device, on a machine whose clock is ten hours behind the kept time. */
async function late(t: ExecutionContext): Promise<Late> {
  const made = await makeInstallation();
  const run: Late['run'] = async (...args) => {
    const done = await portreeve([...args, '--json'], { cwd: made.folder });
    t.is(done.code, 0, done.stderr);
    return onlyObject(done);
  };
  await run('device', 'import', 'devices.ndjson');
  const kept = Date.now() + 10 * hour;
  const store = openStore({ path: made.path('state.db'), mode: 'read_write', now: Date.now() });
  writeKeptTime(store, { kept, confirmed: kept, resets: 0 });
  store.close();
  return { ...made, kept, run };
}

function at(value: unknown): number {
  return Date.parse(String(value));
}

test('the overlap of a renewal lasts from the kept time where the clock is behind it: servers judge its end by that', async (t) => {
  const { run, kept } = await late(t);
  const done = await run(
    'device',
    'bind',
    deviceId,
    '--certificate',
    '8'.repeat(64),
    '--overlap',
    '2h',
    ...why,
  );
  const [, until] = /until[^0-9]+([0-9TZ:.-]+)/.exec(JSON.stringify(done['fields'])) ?? [];
  t.true(at(until) >= kept + 2 * hour, String(until));
});

test('a device is new since the kept time where it is changed while the clock is behind it', async (t) => {
  const { run, kept, path } = await late(t);
  const updated = async (id: string): Promise<number> => {
    return at((await run('device', 'get', id))['updated_at']);
  };
  await run('device', 'set-status', deviceId, 'quarantined', ...why);
  t.true((await updated(deviceId)) >= kept);
  const row = { device_id: 'meter-0002', status: 'active', class: 'meter' };
  writeFileSync(path('more.ndjson'), `${JSON.stringify(row)}\n`);
  await run('device', 'import', 'more.ndjson', ...why);
  t.true((await updated('meter-0002')) >= kept);
});

test('what is delegated to a gateway counts from the kept time where the clock is behind it', async (t) => {
  const { run, kept, path } = await late(t);
  const over = ['gateway', 'delegate', 'gw-1', '--class', 'meter', ...why, '--json'];
  const until = new Date(kept - hour).toISOString();
  t.is((await portreeve([...over, '--until', until], { cwd: path('.') })).code, 2, 'over by the kept time');
  const { delegation } = (await run('gateway', 'delegate', 'gw-1', '--class', 'meter', ...why)) as {
    readonly delegation: { readonly updated_at: string };
  };
  t.true(at(delegation.updated_at) >= kept);
  await run('gateway', 'revoke', 'gw-1', ...why);
});

test('a CRL of the kept time is imported where the clock is behind it: what it revokes is revoked', async (t) => {
  const { run, kept, issuer, leaf, path } = await late(t);
  const revoked = [{ serial: leaf.serial, at: kept - hour }];
  const list = { number: 2, thisUpdate: kept - hour / 2, nextUpdate: kept + 2 * hour, revoked };
  writeFileSync(path('meters.crl'), (await issueCrl(issuer, list)).pem);
  t.like(await run('crl', 'import', 'meters.crl', ...why), { crls: [{ result: 'imported', added: 1 }] });
});

test('ends in the configuration are judged by the kept time, by whoever looks at it, where the clock is behind it', async (t) => {
  const { kept, config, folder: cwd } = await late(t);
  const yaml = readFileSync(config, 'utf8');
  const withEnd = (until: number): void => {
    const observe = { pep: 'envoy', until: new Date(until).toISOString() };
    writeFileSync(config, `${yaml}enforcement: { observe: [${JSON.stringify(observe)}] }\n`);
  };
  const codes = async (): Promise<readonly (number | null)[]> => {
    const check = await portreeve(['config', 'check', '--json'], { cwd });
    const list = await portreeve(['device', 'list', '--json'], { cwd });
    const doctor = onlyObject(await portreeve(['doctor', '--json'], { cwd })) as {
      readonly checks: readonly { readonly check: string; readonly status: string }[];
    };
    const [first] = doctor.checks.filter((one) => one.check === 'configuration');
    return [check.code, list.code, first?.status === 'fail' ? 1 : 0];
  };
  withEnd(kept + 90 * 24 * hour - hour);
  t.deepEqual(await codes(), [0, 0, 0]);
  withEnd(kept + 90 * 24 * hour + hour);
  t.deepEqual(await codes(), [1, 2, 1]);
});
