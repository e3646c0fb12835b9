import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve, type Run } from './helpers/run.ts';

async function installed() {
  const made = await makeInstallation();
  const { folder: cwd } = made;
  const run = (...args: string[]): Promise<Run> => portreeve([...args, '--json'], { cwd });
  return { ...made, run, text: (...args: string[]) => portreeve(args, { cwd }) };
}

const hash = 'aa'.repeat(32);
const csv = `firmware_hash,product,version,status\n${hash},meter-os,2.4.0,approved\n`;

test('firmware is imported, listed and shown', async (t) => {
  const { run, text, path } = await installed();
  writeFileSync(path('firmware.csv'), csv);
  const dry = await text('firmware', 'import', 'firmware.csv', '--dry-run');
  t.regex(dry.stdout, /would be imported: 1 added[^]*added {4}meter-os 2\.4\.0 approved/);
  t.like(onlyObject(await run('firmware', 'import', 'firmware.csv', '--why', 'release')), {
    ...{ dry_run: false, added: 1, removed: 0 },
  });
  t.like(onlyObject(await run('firmware', 'list', '--product', 'meter-os')), {
    ...{ firmware: [{ firmware_hash: hash, version: '2.4.0', advisory: null }], more: false },
  });
  t.like(onlyObject(await run('firmware', 'get', hash.toUpperCase())), { product: 'meter-os' });
  t.regex((await text('firmware', 'list')).stdout, /meter-os +2\.4\.0 +approved/);
  t.is((await run('firmware', 'get', 'bb'.repeat(32))).code, 1);
  t.is((await run('firmware', 'get', 'short')).code, 2);
});

test('a firmware file with a version that cannot be compared is refused with its line', async (t) => {
  const { run, path } = await installed();
  writeFileSync(path('firmware.csv'), csv.replace('2.4.0', 'nightly'));
  const refused = await run('firmware', 'import', 'firmware.csv');
  t.not(refused.code, 0);
  t.like(onlyObject(refused), { error: { code: 'PDP_INVENTORY_INVALID' } });
});

test('a class is delegated to a gateway until a time, shown, and taken back', async (t) => {
  const { run, text } = await installed();
  const until = '2999-01-01T00:00:00.000Z';
  const given = ['--class', 'sensor', '--site', 'quay-3', '--until', until, '--why', 'rota'];
  t.like(onlyObject(await run('gateway', 'delegate', 'gw-7', ...given)), {
    delegation: { gateway: 'gw-7', class: 'sensor', site: 'quay-3', until, in_force: true, device_id: null },
  });
  t.like(onlyObject(await run('gateway', 'list')), { delegations: [{ gateway: 'gw-7' }], more: false });
  t.like(onlyObject(await run('gateway', 'get', 'gw-7')), {
    status: null,
    delegations: [{ class: 'sensor' }],
  });
  t.regex((await text('gateway', 'list')).stdout, /gw-7 +in force +class sensor +quay-3/);
  t.is((await run('gateway', 'delegate', 'gw-7', '--why', 'nobody')).code, 2);
  t.like(onlyObject(await run('gateway', 'revoke', 'gw-7', '--why', 'moved')), {
    revoked: [{ class: 'sensor' }],
  });
  t.is((await run('gateway', 'revoke', 'gw-7', '--why', 'moved')).code, 1);
  t.is((await run('gateway', 'get', 'gw-7')).code, 1);
});

test('delegations are imported, and what a whole file does not name is taken away', async (t) => {
  const { run, path } = await installed();
  writeFileSync(
    path('rota.ndjson'),
    '{"gateway":"gw-7","device_id":"d1"}\n{"gateway":"gw-8","class":"sensor"}\n',
  );
  t.like(onlyObject(await run('gateway', 'import', 'rota.ndjson')), { added: 2 });
  writeFileSync(path('rota.ndjson'), '{"gateway":"gw-8","class":"sensor"}\n');
  t.like(onlyObject(await run('gateway', 'import', 'rota.ndjson', '--delete-missing')), {
    ...{ removed: 1, unchanged: 1 },
  });
});

test('doctor tells of a class whose least version nothing approved reaches, and of graces that end soon', async (t) => {
  const { run, path } = await installed();
  const document = readFileSync(path('portreeve.yaml'), 'utf8');
  writeFileSync(
    path('portreeve.yaml'),
    document.replace('meter: {', "meter: { firmware: { minimum: { meter-os: '2.5' } },"),
  );
  writeFileSync(path('firmware.csv'), csv);
  await run('firmware', 'import', 'firmware.csv');
  const told = async () =>
    (
      onlyObject(await run('doctor')) as { checks: { check: string; status: string; message: string }[] }
    ).checks
      .filter(({ check }) => check === 'firmware')
      .map(({ status, message }) => `${status} ${message}`);
  const [, lacking] = await told();
  t.regex(lacking ?? '', /^warn class meter asks for meter-os 2\.5 or higher, .* approves of none/);
  const soon = new Date(Date.now() + 86_400_000).toISOString();
  writeFileSync(
    path('firmware.csv'),
    csv.replace('status\n', 'status,grace_until\n').replace('approved', `approved,${soon}`),
  );
  await run('firmware', 'import', 'firmware.csv');
  const [, ending, ...more] = await told();
  t.regex(ending ?? '', /^warn tenant default has 1 whose grace ends within 7 days; first meter-os 2\.4\.0/);
  t.deepEqual(more, [], 'it may still run');
});
