import { writeFileSync } from 'node:fs';
import test from 'ava';
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
        unchanged: 0,
        lockout: nobody,
        epoch: null,
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
