import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { AuditRecord } from '../../src/audit/record.ts';
import { forServer, startServer } from '../helpers/server.ts';
import { deviceId, makeWorld } from '../helpers/world.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
const source = '10.20.0.7';

/** Runs the program in a folder; answers its exit code and what it printed. */
function run(
  folder: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: folder }, (error, stdout) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout });
    });
  });
}

test('what is redacted stands nowhere beside the openings; it is revealed, replayed, and erased for good', async (t) => {
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document['audit'] = {
        path: 'audit/decisions.ndjson',
        redact: { fields: ['device_id', 'facts.connection.source_ip', 'owner'] },
      };
    }),
  });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile);
  const leaf = await world.leaf('meter/1');
  const decision = await server.client().decide({
    peer_chain: [leaf.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: source,
  });
  t.is(decision.device_id, deviceId('meter/1'), 'the answer is in clear');
  const metrics = (await server.page('/metrics')).body;
  await server.stop();
  const log = readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8');
  const line = log.split('\n').find((one) => one.includes(decision.decision_id)) ?? '';
  for (const personal of [deviceId('meter/1'), source, 'Grid West']) {
    t.false(line.includes(personal), personal);
    t.false(metrics.includes(personal), personal);
  }
  const record = JSON.parse(line) as AuditRecord;
  const config = ['--config', world.configFile];
  const { decision_id: id } = record;

  const revealed = await run(world.folder, [
    'audit',
    'reveal',
    id,
    '--field',
    '/device_id',
    '--json',
    ...config,
  ]);
  t.is(revealed.code, 0, revealed.stdout);
  t.like((JSON.parse(revealed.stdout) as { revealed: object[] }).revealed[0], {
    ...{ decision_id: id, field: '/device_id', value: deviceId('meter/1') },
  });
  const byValue = async (value: string) => {
    const { code, stdout } = await run(world.folder, [
      'audit',
      'reveal',
      id,
      '--value',
      value,
      '--json',
      ...config,
    ]);
    return {
      code,
      fields: (JSON.parse(stdout) as { revealed?: { field: string }[] }).revealed?.map((one) => one.field),
    };
  };
  const found = await byValue(deviceId('meter/1'));
  t.is(found.code, 0);
  t.true(found.fields?.includes('/device_id') && found.fields.includes('/facts/device_id'));
  t.not((await byValue('meter')).code, 0, 'only a whole text');

  const held = [
    'hold',
    'add',
    '--device',
    deviceId('meter/1'),
    '--why',
    `of ${deviceId('meter/1')}`,
    '--no-end',
    ...config,
  ];
  t.is((await run(world.folder, held)).code, 0);
  const again = await startServer(t, world.configFile);
  await again.stop();
  const act = readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
    .split('\n')
    .find((one) => one.includes('hold.add')) as string;
  t.false(act.includes(deviceId('meter/1')), 'an act that names the device hides it too');
  const { act_id: actId } = JSON.parse(act) as { act_id: string };
  const opened = await run(world.folder, [
    'audit',
    'reveal',
    actId,
    '--field',
    '/detail/value',
    '--json',
    ...config,
  ]);
  t.like((JSON.parse(opened.stdout) as { revealed: object[] }).revealed[0], { value: deviceId('meter/1') });

  const proof = join(world.folder, 'device.json');
  writeFileSync(proof, revealed.stdout);
  t.is((await run(world.folder, ['audit', 'reveal', id, '--check', proof, ...config])).code, 0);
  writeFileSync(proof, revealed.stdout.replace(deviceId('meter/1'), deviceId('meter/2')));
  t.is((await run(world.folder, ['audit', 'reveal', id, '--check', proof, ...config])).code, 1);

  const recordFile = join(world.folder, 'record.json');
  writeFileSync(recordFile, line);
  const replay = async () => {
    const { stdout } = await run(world.folder, ['decide', '--replay', recordFile, '--json', ...config]);
    return JSON.parse(stdout) as {
      same: boolean;
      hidden: string[];
      missing: string[];
      differences: object[];
    };
  };
  t.like(await replay(), { hidden: [], differences: [] });

  const erase = ['audit', 'erase', '--value', deviceId('meter/1'), '--why', 'asked for', '--json', ...config];
  t.like(
    JSON.parse((await run(world.folder, erase)).stdout),
    { erased: 3 },
    'the decision, the hold and the import',
  );
  const gone = await run(world.folder, ['audit', 'reveal', id, '--field', '/device_id', '--json', ...config]);
  t.not(gone.code, 0);
  const after = await replay();
  t.true(after.hidden.includes('/device_id'));
  t.deepEqual(after.differences, []);
});
