import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import test from 'ava';
import { addHold } from '../../../src/revocation/holds/edit.ts';
import { writeKeptTime } from '../../../src/store/kept-time.ts';
import { openStore } from '../../../src/store/open.ts';
import { ndjson } from '../../helpers/inventory.ts';
import { deviceId, makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve, type Run } from './helpers/run.ts';

interface Added {
  readonly hold: { readonly hold_id: string } & Readonly<Record<string, unknown>>;
  readonly lockout: { readonly kept_out: number; readonly certainty: string; readonly by_class: unknown };
  readonly needs_lockout?: number | null;
  readonly warnings: readonly string[];
}

/** An installation with `many` active meters at two sites, and one with a certificate of its own. */
async function withFleet(many: number, configure = '') {
  const made = await makeInstallation();
  const { folder: cwd, path } = made;
  const rows = Array.from({ length: many }, (_, index) => ({
    device_id: `m-${index}`,
    status: 'active',
    class: 'meter',
    site: index % 2 === 0 ? 'lyon' : 'metz',
  }));
  writeFileSync(path('fleet.ndjson'), ndjson(rows));
  if (configure !== '') writeFileSync(path('portreeve.yaml'), configure, { flag: 'a' });
  const run = (...args: string[]): Promise<Run> => portreeve([...args, '--json'], { cwd });
  await run('device', 'import', 'devices.ndjson');
  if (many > 0) await run('device', 'import', 'fleet.ndjson');
  const hold = (...args: string[]): Promise<Run> => run('hold', ...args);
  return { ...made, cwd, run, hold, text: (...args: string[]) => portreeve(['hold', ...args], { cwd }) };
}

const forever = ['--no-end', '--why', 'case 17'];

test('a device is held, listed with who and why, and lifted', async (t) => {
  const { hold, path, text } = await withFleet(0);
  const added = await hold('add', '--device', deviceId, '--until', '4h', '--why', 'case 17');
  t.is(added.code, 0);
  const data = onlyObject(added) as unknown as Added;
  t.like(data.hold, { kind: 'device', value: deviceId, state: 'in_force', kept_out: 1, why: 'case 17' });
  t.is(data.hold['who'], `cli:${userInfo().username}`);
  const length = Date.parse(String(data.hold['until'])) - Date.parse(String(data.hold['since']));
  t.is(length, 4 * 3_600_000);

  const { hold_id: id } = data.hold;
  t.like(onlyObject(await hold('list')), { holds: [{ hold_id: id, state: 'in_force' }], more: false });
  const shown = await text('list');
  t.regex(shown.stdout, new RegExp(`${id} +in force +device ${deviceId} +1 +cli:.* +case 17 `));

  const lifted = await hold('lift', id, '--why', 'case closed', '--who', 'day shift');
  t.like(onlyObject(lifted), {
    hold: { state: 'lifted', lifted_by: 'day shift', lifted_why: 'case closed' },
  });
  t.is((await hold('lift', id, '--why', 'again')).code, 1);
  t.like(onlyObject(await hold('list')), { holds: [] });
  t.like(onlyObject(await hold('list', '--all')), { holds: [{ hold_id: id, state: 'lifted' }] });

  const store = openStore({ path: path('state.db'), mode: 'read_only', now: Date.now() });
  t.teardown(() => store.close());
  const kinds = store.changesSince(1, 10).map(({ kind, actor }) => [kind, actor]);
  t.deepEqual(kinds, [
    ['hold.add', data.hold['who']],
    ['hold.lift', 'day shift'],
  ]);
});

test('a hold lasts from the kept time where the clock is behind it, so that it is in force where it is judged', async (t) => {
  const { hold, path } = await withFleet(0);
  const kept = Date.now() + 10 * 86_400_000;
  const store = openStore({ path: path('state.db'), mode: 'read_write', now: Date.now() });
  t.teardown(() => store.close());
  writeKeptTime(store, { kept, confirmed: kept, resets: 0 });
  const added = await hold('add', '--device', deviceId, '--until', '4h', '--why', 'case 17');
  const { until, since } = (onlyObject(added) as unknown as Added).hold;
  t.true(Date.parse(String(since)) >= kept);
  t.true(Date.parse(String(until)) >= kept + 4 * 3_600_000);
  const instant = new Date(kept - 3_600_000).toISOString();
  const over = await hold('add', '--device', deviceId, '--until', instant, '--why', 'case 18');
  t.is(over.code, 2, 'over by the kept time');
});

test('a name that nothing bears is held, with a warning that it may be a slip', async (t) => {
  const { hold } = await withFleet(0);
  const warned = async (...args: string[]) => {
    const run = await hold('add', ...args, ...forever);
    t.is(run.code, 0);
    return (onlyObject(run) as unknown as Added).warnings.join('; ');
  };
  t.is(await warned('--device', deviceId), '');
  t.regex(await warned('--device', 'metr-0001'), /no device "metr-0001"/);
  t.regex(await warned('--class', 'metre'), /no class "metre"/);
  t.regex(await warned('--gateway', 'envoi'), /called "envoi"/);
  t.is(await warned('--gateway', 'envoy', '--lockout', '1', '--dry-run'), '');
  t.regex(await warned('--device', deviceId, '--tenant', 'defualt'), /asks for tenant "defualt"/);
});

test('a hold needs one subject, a reason and an end, or the word that it has none', async (t) => {
  const { hold, path } = await withFleet(0);
  const refused = async (...args: string[]): Promise<string> => {
    const run = await hold('add', ...args);
    t.is(run.code, 2, args.join(' '));
    return (onlyObject(run) as { error: { message: string } }).error.message;
  };
  t.regex(await refused('--device', 'a', '--no-end'), /--why/);
  t.regex(await refused('--device', 'a', '--no-end', '--why', ' '), /must not be empty/);
  t.regex(await refused('--device', 'a', '--why', 'x'), /--until.*--no-end/);
  t.regex(await refused('--device', 'a', '--why', 'x', '--no-end', '--until', '4h'), /cannot be used/);
  t.regex(await refused('--device', 'a', '--why', 'x', '--until', 'tomorrow'), /RFC 3339.*4h|12h/);
  t.regex(await refused('--device', 'a', '--why', 'x', '--until', '2020-01-01T00:00:00Z'), /is over/);
  t.regex(await refused('--device', 'a', '--why', 'x', '--until', '999999999d'), /such as 30m, 12h or 7d/);
  t.regex(await refused('--device', 'a', '--no-end', '--why', 'x'.repeat(1001)), /1000 characters/);
  t.regex(
    await refused('--device', 'a', '--no-end', '--why', 'x', '--who', 'x'.repeat(257)),
    /256 characters/,
  );
  t.regex(await refused(...forever), /exactly one of --device/);
  t.regex(await refused('--device', 'a', '--class', 'meter', ...forever), /exactly one of/);
  t.regex(
    await refused('--class', 'meter', '--issued-before', '2026-01-01T00:00:00Z', ...forever),
    /--issuer/,
  );
  t.regex(await refused('--issuer', 'nobody', ...forever), /root, meters/);
  t.regex(await refused('--key', 'abc', ...forever), /64 hex digits/);
  t.regex(await refused('--network', 'here', ...forever), /network such as/);
  writeFileSync(path('two.pem'), `${(await withFleet(0)).leaf.pem}${(await withFleet(0)).leaf.pem}`);
  t.regex(await refused('--certificate-file', 'two.pem', ...forever), /2 certificates/);
  t.regex(await refused('--certificate-file', 'portreeve.yaml', ...forever), /portreeve\.yaml/);
});

test('a certificate file, a configured CA and a key are held by their digests', async (t) => {
  const { hold, leaf, issuer, path } = await withFleet(0);
  writeFileSync(path('leaf.pem'), leaf.pem);
  const held = async (...args: string[]) =>
    (onlyObject(await hold('add', ...args, ...forever)) as unknown as Added).hold;
  t.like(await held('--certificate-file', 'leaf.pem'), { kind: 'certificate', value: leaf.fingerprint });
  t.like(await held('--key', leaf.keyDigest.toUpperCase()), { kind: 'key', value: leaf.keyDigest });
  t.like(await held('--issuer', 'meters'), { kind: 'issuer', name: 'meters', value: issuer.keyDigest });
  t.like(await held('--issuer', issuer.keyDigest), { kind: 'issuer', name: 'meters' });
  const at = '2026-01-01T00:00:00Z';
  t.like(await held('--issuer', 'meters', '--issued-before', at), {
    issued_before: '2026-01-01T00:00:00.000Z',
  });
});

test('a hold on more devices than the limit needs the very number, told by class and site', async (t) => {
  const { hold, text } = await withFleet(300);
  const dry = await hold('add', '--class', 'meter', '--dry-run', ...forever);
  t.is(dry.code, 0);
  t.like(onlyObject(dry), { dry_run: true, hold: null, needs_lockout: 301, lockout: { kept_out: 301 } });

  const refused = await hold('add', '--class', 'meter', ...forever);
  t.is(refused.code, 1);
  t.like(onlyObject(refused), {
    error: { code: 'PDP_LOCKOUT', lockout: { kept_out: 301, total_active: 301, certainty: 'exact' } },
  });
  const told = await text('add', '--class', 'meter', ...forever);
  t.regex(
    told.stderr,
    /301 of 301 active devices \(class meter 301; site lyon 150, metz 150, none 1\).*1 %.*--lockout 301 /,
  );
  t.is((await hold('add', '--class', 'meter', '--lockout', '300', ...forever)).code, 1);
  t.like(onlyObject(await hold('list')), { holds: [] });
  t.is((await hold('add', '--class', 'meter', '--lockout', '301', ...forever)).code, 0);
  t.like(onlyObject(await hold('list')), { holds: [{ kind: 'class', kept_out: 301 }] });
});

test('with a class of gateways those count for whom they alone may speak', async (t) => {
  const { run, hold, path } = await withFleet(
    0,
    '  sensor: { anchors: [root], assurance: gateway_asserted }\n  box: { anchors: [root] }\n',
  );
  const behind = (id: string, ...gateways: string[]) => ({
    ...{ device_id: id, status: 'active', class: 'sensor', gateways },
  });
  const rows = [
    { device_id: 'box-1', status: 'active', class: 'box' },
    ...[behind('s-1', 'box-1'), behind('s-2', 'box-1'), behind('s-3', 'box-1', 'meter-0001'), behind('s-4')],
  ];
  writeFileSync(path('site.ndjson'), ndjson(rows));
  t.is((await run('device', 'import', 'site.ndjson')).code, 0);
  const refused = await hold('add', '--class', 'box', ...forever);
  t.is(refused.code, 1);
  t.like(onlyObject(refused), {
    error: {
      lockout: {
        kept_out: 3,
        certainty: 'at_least',
        by_class: [
          { name: 'sensor', devices: 2 },
          { name: 'box', devices: 1 },
        ],
      },
    },
  });
});

test('what may stand under a CA, or come by an enforcement point, counts as though it did', async (t) => {
  const { hold, issuer, leaf } = await withFleet(
    9,
    '  camera: { anchors: [root], binding: issuer, issuers: [meters] }\n',
  );
  const counted = async (...args: string[]) => {
    const data = onlyObject(await hold('add', ...args, '--dry-run', ...forever)) as unknown as Added;
    return [data.lockout.kept_out, data.lockout.certainty];
  };
  t.deepEqual(await counted('--issuer', 'root'), [10, 'exact']);
  t.deepEqual(await counted('--issuer', 'meters'), [10, 'at_most']);
  t.deepEqual(await counted('--certificate', issuer.fingerprint), [10, 'at_most']);
  t.deepEqual(await counted('--issuer', 'root', '--issued-before', '2026-01-01T00:00:00Z'), [10, 'at_most']);
  t.deepEqual(await counted('--issuer', 'ab'.repeat(32)), [0, 'at_least']);
  t.deepEqual(await counted('--gateway', 'envoy'), [10, 'at_most']);
  t.deepEqual(await counted('--gateway', 'm-1'), [1, 'at_least']);
  t.deepEqual(await counted('--network', '0.0.0.0/0'), [10, 'at_most']);
  t.deepEqual(await counted('--network', '10.0.0.0/8'), [0, 'at_least']);
  t.deepEqual(await counted('--certificate', leaf.fingerprint), [1, 'at_least']);
  t.deepEqual(await counted('--firmware', 'cd'.repeat(32)), [0, 'at_least']);
});

test('an import that keeps out more than the limit answers 1 and the number to type', async (t) => {
  const { run, path } = await withFleet(10);
  const rows = [0, 1, 2].map((index) => ({ device_id: `m-${index}`, status: 'disabled', class: 'meter' }));
  writeFileSync(path('worse.ndjson'), ndjson(rows));
  const refused = await run('device', 'import', 'worse.ndjson');
  t.is(refused.code, 1);
  t.like(onlyObject(refused), { error: { code: 'PDP_LOCKOUT', lockout: { kept_out: 3, total_active: 11 } } });
  t.is((await run('device', 'import', 'worse.ndjson', '--lockout', '3')).code, 0);
});

test('where denials are observed, a hold says that it is not enforced there', async (t) => {
  const until = new Date(Date.now() + 86_400_000).toISOString();
  const { hold } = await withFleet(0, `enforcement: { observe: [{ pep: envoy, until: '${until}' }] }\n`);
  const added = onlyObject(await hold('add', '--device', deviceId, ...forever)) as unknown as Added;
  t.is(added.warnings.length, 1);
  t.regex(added.warnings[0] ?? '', /PEP envoy is observed until/);
});

test('doctor tells of holds in force, and of those without an end that may be forgotten', async (t) => {
  const { hold, run, path } = await withFleet(0);
  type Report = {
    readonly checks: readonly { readonly check: string; readonly status: string; readonly message: string }[];
  };
  const told = async () =>
    (onlyObject(await run('doctor')) as unknown as Report).checks.filter(({ check }) => check === 'holds');
  t.deepEqual(await told(), []);
  await hold('add', '--device', deviceId, ...forever);
  t.like(await told(), [{ status: 'ok', message: 'tenant default has 1 in force' }]);
  const store = openStore({ path: path('state.db'), mode: 'read_write', now: Date.now() });
  addHold(store, {
    ...{ tenant: 'default', kind: 'device', value: 'old', until: null, who: 'night shift', why: 'case 3' },
    now: Date.now() - 31 * 86_400_000,
  });
  store.close();
  const [, warning] = await told();
  t.is(warning?.status, 'warn');
  t.regex(warning?.message ?? '', /1 without an end for more than 30 days; the oldest is h.* \(device old\)/);
});
