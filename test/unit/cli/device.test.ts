import { writeFileSync } from 'node:fs';
import test from 'ava';
import { issueCrl } from '../../../src/ca/index.ts';
import { openStore } from '../../../src/store/open.ts';
import { nobody } from '../../helpers/inventory.ts';
import { deviceId, makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

test('devices are imported, listed, shown and changed', async (t) => {
  const { folder: cwd, path } = await makeInstallation();
  const run = (...args: string[]) => portreeve(['device', ...args, '--json'], { cwd });

  const dry = await run('import', 'devices.ndjson', '--dry-run');
  t.deepEqual(
    [dry.code, onlyObject(dry)],
    [
      0,
      {
        dry_run: true,
        rows: 1,
        added: 1,
        changed: 0,
        removed: 0,
        unchanged: 0,
        kept_status: 0,
        kept_ended: 0,
        lockout: nobody,
        epoch: null,
        differences: [
          {
            device_id: deviceId,
            kind: 'added',
            fields: [
              { field: 'status', before: null, after: 'active' },
              { field: 'class', before: null, after: 'meter' },
            ],
          },
        ],
        differences_left_out: 0,
        warnings: [],
      },
    ],
  );
  t.like(onlyObject(await run('list')), { devices: [] });

  const imported = await run('import', 'devices.ndjson', '--why', 'first delivery');
  t.is(imported.code, 0);
  t.like(onlyObject(imported), { dry_run: false, rows: 1, added: 1, epoch: 1 });
  t.like(onlyObject(await run('list', '--class', 'meter')), {
    devices: [{ device_id: deviceId, status: 'active' }],
    next_after: null,
  });
  t.like(onlyObject(await run('list', '--status', 'lost')), { devices: [] });

  const changed = await run('set-status', deviceId, 'disabled', '--why', 'case 17');
  t.deepEqual(
    [changed.code, onlyObject(changed)],
    [0, { device_id: deviceId, epoch: 2, before: 'active', after: 'disabled' }],
  );
  const shown = await run('get', deviceId);
  t.is(shown.code, 0);
  t.like(onlyObject(shown), { device_id: deviceId, status: 'disabled', epoch: 2 });

  const store = openStore({ path: path('state.db'), mode: 'read_only', now: Date.now() });
  t.teardown(() => store.close());
  const [first, second] = store.changesSince(0, 10);
  t.like(first, { kind: 'device.import', why: 'first delivery', tenant: 'default' });
  t.like(second, { kind: 'device.set_status', why: 'case 17', selector: deviceId });
  t.regex(second?.actor ?? '', /^cli:./);
});

test('a page ends with where the next one begins', async (t) => {
  const { folder: cwd, path } = await makeInstallation();
  const rows = ['a', 'b', 'c'].map((id) =>
    JSON.stringify({ device_id: id, status: 'active', class: 'meter' }),
  );
  writeFileSync(path('three.ndjson'), rows.join('\n'));
  await portreeve(['device', 'import', 'three.ndjson'], { cwd });
  const first = onlyObject(await portreeve(['device', 'list', '--limit', '2', '--json'], { cwd }));
  t.like(first, { devices: [{ device_id: 'a' }, { device_id: 'b' }], next_after: 'b' });
  const second = onlyObject(
    await portreeve(['device', 'list', '--limit', '2', '--after', 'b', '--json'], { cwd }),
  );
  t.like(second, { devices: [{ device_id: 'c' }], next_after: null });
});

test('an import with wrong rows tells each by its line and imports nothing: 2', async (t) => {
  const { folder: cwd } = await makeInstallation();
  const input = '{"device_id":"a","status":"active","class":"meter"}\n{"device_id":"b"}\nnot json\n';
  const run = await portreeve(['device', 'import', '-', '--json'], { cwd, input });
  t.is(run.code, 2);
  const { error } = onlyObject(run) as { error: { code: string; problems: { line: number }[] } };
  t.is(error.code, 'PDP_INVENTORY_INVALID');
  t.deepEqual([...new Set(error.problems.map(({ line }) => line))], [2, 3]);
  t.like(onlyObject(await portreeve(['device', 'list', '--json'], { cwd })), { devices: [] });
});

test('CSV is told by the name’s ending or by --format', async (t) => {
  const { folder: cwd, path } = await makeInstallation();
  const csv = 'device_id,status,class\nx,active,meter\n';
  writeFileSync(path('devices.csv'), csv);
  t.is((await portreeve(['device', 'import', 'devices.csv'], { cwd })).code, 0);
  t.is((await portreeve(['device', 'import', '-', '--format', 'csv'], { cwd, input: csv })).code, 0);
  t.is((await portreeve(['device', 'import', '-'], { cwd, input: csv })).code, 2);
});

for (const [what, input, format] of [
  ['an empty file', '', 'ndjson'],
  ['a file of blank lines', '\n \n', 'ndjson'],
  ['a CSV header without rows', 'device_id,status,class\n', 'csv'],
] as const) {
  test(`${what} is refused as an import unless that is meant`, async (t) => {
    const { folder: cwd } = await makeInstallation();
    const run = (...more: string[]) =>
      portreeve(['device', 'import', '-', '--format', format, ...more], { cwd, input });
    const refused = await run('--json');
    t.is(refused.code, 2);
    const { error } = onlyObject(refused) as { error: { code: string; message: string } };
    t.is(error.code, 'PDP_INVENTORY_INVALID');
    t.regex(error.message, /no devices.*--allow-empty/);
    t.is((await run('--dry-run')).code, 2);
    const allowed = await run('--allow-empty', '--json');
    t.is(allowed.code, 0);
    t.like(onlyObject(allowed), { rows: 0, epoch: null, warnings: [] });
  });
}

test('classes that the configuration lacks are a warning each, with their rows, and are imported', async (t) => {
  const { folder: cwd } = await makeInstallation();
  const classes = ['meter', 'metre', 'kettle', 'metre'];
  const input = classes
    .map((name, index) => `${JSON.stringify({ device_id: `d${index}`, status: 'active', class: name })}\n`)
    .join('');
  const json = await portreeve(['device', 'import', '-', '--dry-run', '--json'], { cwd, input });
  t.is(json.code, 0);
  t.like(onlyObject(json), {
    warnings: [
      { class: 'metre', rows: 2 },
      { class: 'kettle', rows: 1 },
    ],
  });
  const text = await portreeve(['device', 'import', '-'], { cwd, input });
  t.deepEqual(
    [text.code, text.stdout.split('\n').slice(1)],
    [
      0,
      [
        'warning  class "metre" is not in the configuration: 2 devices denied with inventory.class_unknown',
        'warning  class "kettle" is not in the configuration: 1 device denied with inventory.class_unknown',
        '',
      ],
    ],
  );
  t.is((await portreeve(['device', 'get', 'd1'], { cwd })).code, 0);
});

test('an unknown device: 1; a file that cannot be read: 2', async (t) => {
  const { folder: cwd } = await makeInstallation();
  await portreeve(['device', 'import', 'devices.ndjson'], { cwd });
  const unknown = await portreeve(['device', 'get', 'nobody', '--json'], { cwd });
  t.is(unknown.code, 1);
  t.like(onlyObject(unknown), { error: { code: 'PDP_NOT_FOUND' } });
  for (const file of ['gone.ndjson', '.']) {
    const unreadable = await portreeve(['device', 'import', file, '--json'], { cwd });
    t.is(unreadable.code, 2);
    t.like(onlyObject(unreadable), { error: { code: 'PDP_INPUT_MALFORMED' } });
  }
});

test('a store that is not there yet is not made by looking', async (t) => {
  const { folder: cwd } = await makeInstallation();
  for (let times = 0; times < 2; times++) {
    const run = await portreeve(['device', 'list', '--json'], { cwd });
    t.is(run.code, 2);
    t.like(onlyObject(run), { error: { code: 'PDP_STORE_UNAVAILABLE' } });
  }
});

test('a renewal by bind leaves the old certificate its overlap, and an end of it by unbind is at once', async (t) => {
  const { folder: cwd } = await makeInstallation();
  const run = (...args: string[]) => portreeve(['device', ...args, '--json'], { cwd });
  const [old, renewed] = ['aa'.repeat(32), 'bb'.repeat(32)];
  await run('import', 'devices.ndjson');
  t.is((await run('bind', deviceId, '--certificate', old, '--why', 'enrolled')).code, 0);
  const begun = Date.now();
  const bound = await run('bind', deviceId, '--certificate', renewed, '--overlap', '7d', '--why', 'renewal');
  t.is(bound.code, 0);
  const endOf = async (sha256: string): Promise<string | undefined> => {
    const shown = onlyObject(await run('get', deviceId)) as {
      certificates: (string | { sha256: string; until: string })[];
    };
    const found = shown.certificates.find(
      (one) => one === sha256 || (typeof one === 'object' && one.sha256 === sha256),
    );
    return typeof found === 'object' ? found.until : found;
  };
  t.is(await endOf(renewed), renewed, 'without an end');
  t.true(Date.parse((await endOf(old)) ?? '') >= begun + 7 * 86_400_000);
  t.is((await run('unbind', deviceId, '--certificate', old, '--why', 'no more')).code, 0);
  t.true(Date.parse((await endOf(old)) ?? '') <= Date.now());
  t.is((await run('unbind', deviceId, '--key', old, '--why', 'none such')).code, 1);
  t.is((await run('bind', deviceId, '--why', 'nothing named')).code, 2);
  const slip = await run('bind', deviceId, '--issued', 'nobody/0a', '--why', 'a slip');
  t.like(onlyObject(slip), { warnings: ['no CA "nobody" is configured'] });
  t.is((await run('bind', deviceId, '--certificate', 'xyz', '--why', 'no digest')).code, 2);
  const { events } = onlyObject(await run('history', deviceId)) as {
    events: { change: string; why: string }[];
  };
  t.deepEqual(
    events.map(({ change, why }) => [change, why]),
    [
      ['device.set_bindings', 'a slip'],
      ['device.set_bindings', 'no more'],
      ['device.set_bindings', 'renewal'],
      ['device.set_bindings', 'enrolled'],
    ],
  );
});

for (const format of ['ndjson', 'csv']) {
  test(`what is exported as ${format} is imported again as the same`, async (t) => {
    const { folder: cwd, path } = await makeInstallation();
    const run = (...args: string[]) => portreeve(['device', ...args, '--json'], { cwd });
    const sha256 = 'ab'.repeat(32);
    const rows = [
      {
        ...{ device_id: 'a', status: 'active', class: 'meter', owner: 'x, "y"', tags: ['one', 'two'] },
        certificates: [{ sha256, since: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' }],
        ...{ keys: [sha256], issued: [{ issuer: 'meters', serial: '0A:1B', until: '2027-01-01T00:00:00Z' }] },
        ...{
          networks: ['10.0.0.0/8'],
          attributes: { line: '7' },
          renewal_expected_by: '2026-12-01T00:00:00Z',
        },
        ...{ key_protection: 'tpm', hardware_model: 'MX-200', firmware: ['cd'.repeat(32)] },
      },
      { device_id: 'b', status: 'lost', class: 'camera' },
    ];
    writeFileSync(path('fleet.ndjson'), rows.map((row) => JSON.stringify(row)).join('\n'));
    t.is((await run('import', 'fleet.ndjson')).code, 0);
    t.like(onlyObject(await run('export', `out.${format}`)), { devices: 2 });
    t.like(onlyObject(await run('import', `out.${format}`, '--delete-missing')), {
      ...{ rows: 2, added: 0, changed: 0, removed: 0, unchanged: 2, epoch: null },
    });
  });
}

test('a foreign CSV is read by its column map, other columns are left out, and a missing one is told', async (t) => {
  const { folder: cwd, path } = await makeInstallation();
  const run = (...args: string[]) => portreeve(['device', ...args, '--json'], { cwd });
  writeFileSync(path('foreign.csv'), 'SerialNo,State,Type,Remark\nx1,active,meter,old\n');
  const map = 'device_id=SerialNo,status=State,class=Type';
  t.like(onlyObject(await run('import', 'foreign.csv', '--map', map)), { added: 1 });
  t.like(onlyObject(await run('get', 'x1')), { status: 'active', class: 'meter', attributes: {} });
  const missing = await run('import', 'foreign.csv', '--map', `${map},owner=Owner`);
  t.is(missing.code, 2);
  t.regex(missing.stdout, /Owner/);
});

test('why tells the record, what was taken for granted, and how the next connection would be decided', async (t) => {
  const { folder: cwd } = await makeInstallation();
  const run = (...args: string[]) => portreeve(['device', ...args, '--json'], { cwd });
  await run('import', 'devices.ndjson');
  await run('set-status', deviceId, 'quarantined', '--why', 'case 9');
  const told = onlyObject(await run('why', deviceId)) as {
    assumptions: string[];
    decision: { outcome: string; reasons: { code: string }[] };
  };
  t.like(told, { device: { status: 'quarantined' }, decision: { outcome: 'deny', device_id: deviceId } });
  t.true(told.decision.reasons.some(({ code }) => code === 'inventory.quarantined'));
  t.true(told.assumptions.some((one) => one.includes('it shows no certificate')));
});

test('the certificates that a device was seen with are listed, and why presumes the latest, whatever is asked of it', async (t) => {
  const { folder: cwd, path, leaf, issuer } = await makeInstallation();
  const run = (...args: string[]) => portreeve(['device', ...args, '--json'], { cwd });
  await run('import', 'devices.ndjson');
  // Its CA has one list of the certificates of devices alone: it must be taken for one of those, and for no CA's.
  const onlyUserCertificates = Buffer.from('30038101ff', 'hex');
  const list = await issueCrl(issuer, {
    ...{ number: 2, thisUpdate: Date.now() - 60_000, nextUpdate: Date.now() + 3_600_000, revoked: [] },
    extensions: [{ oid: '2.5.29.28', critical: true, value: onlyUserCertificates }],
  });
  writeFileSync(path('meters.crl'), list.der);
  for (const file of ['root.crl', 'meters.crl'])
    t.is((await portreeve(['crl', 'import', file, '--json'], { cwd })).code, 0);
  const store = openStore({ path: path('state.db'), mode: 'read_write', now: Date.now() });
  const hex = (text: string) => Buffer.from(text, 'hex');
  const now = Date.now();
  store
    .prepare(
      `INSERT INTO seen_certificates (tenant, device_id, fingerprint, key, issuer_key, serial, not_after, first_seen,
        last_seen, gateway, network) VALUES ('default', ?, ?, ?, ?, ?, ?, ?, ?, 'envoy', '10.1.2.0/24')`,
    )
    .run(
      ...[deviceId, hex(leaf.fingerprint), hex(leaf.keyDigest), hex(issuer.keyDigest), leaf.serial],
      ...[now + 3_600_000, now - 60_000, now - 1000],
    );
  store.close();
  t.like(onlyObject(await run('get', deviceId)), {
    certificates_seen: [{ fingerprint: leaf.fingerprint, serial: leaf.serial, network: '10.1.2.0/24' }],
  });
  const told = onlyObject(await run('why', deviceId)) as { assumptions: string[] };
  t.like(told, {
    decision: { outcome: 'allow', device_id: deviceId, assurance: 'device_proved' },
    facts: { binding: 'certificate', connection: { source_ip: '10.1.2.0' } },
  });
  t.true(told.assumptions.some((one) => one.includes(leaf.fingerprint)));
  await run('unbind', deviceId, '--certificate', leaf.fingerprint, '--why', 'replaced');
  t.like(onlyObject(await run('why', deviceId)), {
    decision: { outcome: 'deny', reasons: [{ code: 'inventory.superseded_certificate' }] },
  });
});
