import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ExecutionContext } from 'ava';
import { issueCrl } from '../../src/ca/index.ts';
import { makeReadOnly, smallVolume, withReadOnly, withVolume } from '../helpers/raw-volume.ts';
import { serveRaw } from '../helpers/raw-server.ts';
import type { RawServer } from '../helpers/raw-server.ts';
import { until } from '../helpers/server.ts';
import { deviceId, hour } from '../helpers/world.ts';
import { onlyObject, portreeve } from '../unit/cli/helpers/run.ts';

interface Ran {
  readonly code: number | null;
  readonly told: Record<string, unknown>;
  readonly error: { readonly code: string; readonly message: string };
}

async function command(asked: RawServer, args: readonly string[]): Promise<Ran> {
  const run = await portreeve([...args, '--config', asked.world.configFile, '--json']);
  const told = onlyObject(run);
  return { code: run.code, told, error: (told['error'] ?? { code: '', message: '' }) as Ran['error'] };
}

async function request(asked: RawServer): Promise<object> {
  return {
    peer_chain: [(await asked.world.leaf('meter/1')).der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  };
}

const disable = ['device', 'set-status', deviceId('meter/1'), 'disabled', '--why', 'test'];

const hold = ['hold', 'add', '--device', deviceId('meter/1'), '--no-end', '--why', 'test'];

/** Everything that changes state. */
async function changing(asked: RawServer, rows: number): Promise<readonly (readonly string[])[]> {
  return [
    disable,
    hold,
    ['crl', 'import', await crlFile(asked)],
    ['device', 'import', inventoryFile(asked, rows), '--why', 'test'],
  ];
}

/** The issuing CA's next CRL, which lists the meter and enough others to fill what room is left within a file. */
async function crlFile({ world }: RawServer): Promise<string> {
  const file = join(world.folder, 'next.crl');
  const now = Date.now();
  const leaf = await world.leaf('meter/1');
  const others = Array.from({ length: 20_000 }, (_, index) => (0x7000_0000 + index).toString(16));
  const revoked = [leaf.serial, ...others].map((serial) => ({ serial, at: now - hour }));
  const { der } = await issueCrl(world.pki.meters, {
    ...{ number: 50, thisUpdate: now, nextUpdate: now + hour },
    revoked,
  });
  writeFileSync(file, der);
  return file;
}

/** Allowed by what is there, and the record says how old that is. */
async function decidesWithAge(t: ExecutionContext, asked: RawServer, asking: object): Promise<void> {
  const told = await asked.decide(asking);
  t.like(told, { outcome: 'OUTCOME_ALLOW', reasons: [{ code: 'policy.ok' }] });
  t.falsy(told.faults?.length);
  const { facts } = await asked.record(told.decision_id);
  for (const fact of facts?.revocation ?? []) {
    t.is(fact.freshness, 'fresh');
    t.true((fact.age_s ?? -1) >= 0, 'the age of the list is told');
  }
  t.is(facts?.revocation.length, 2);
  t.is(facts?.device?.status, 'active');
  t.true(Number(facts?.device?.updated_at) > 0);
}

function inventoryFile(asked: RawServer, rows: number): string {
  const file = join(asked.world.folder, 'many.ndjson');
  const row = (index: number): string =>
    `${JSON.stringify({ device_id: `many/${index}`, status: 'active', class: 'meter', owner: 'o'.repeat(200) })}\n`;
  writeFileSync(file, Array.from({ length: rows }, (_, index) => row(index)).join(''));
  return file;
}

withVolume(
  'over a full store a server decides from what is there, commands say so, and room heals it',
  async (t) => {
    const volume = smallVolume(t, '4m');
    const asked = await serveRaw(t, (document) => {
      document['state'] = { path: join(volume.folder, 'state.db') };
    });
    const meter = await request(asked);
    t.like(await asked.decide(meter), { outcome: 'OUTCOME_ALLOW' });
    const epochs = (await asked.server.status()).epochs;
    volume.fill();
    for (const args of await changing(asked, 20_000)) {
      const { code, error } = await command(asked, args);
      t.is(code, 2);
      t.is(error.code, 'PDP_STORE_UNAVAILABLE');
      t.true(error.message.startsWith(`store ${join(volume.folder, 'state.db')}: `), error.message);
      t.regex(
        error.message,
        /no room is left for it; free disk space \(nothing of the failed change was kept\)|the disk/,
      );
    }
    await decidesWithAge(t, asked, meter);
    t.deepEqual((await asked.server.status()).epochs, epochs);
    t.is((await asked.server.page('/readyz')).status, 200);
    t.is((await command(asked, ['device', 'get', deviceId('meter/1')])).code, 0);
    volume.empty();
    t.is((await command(asked, disable)).code, 0);
    await until(async () => (await asked.decide(meter)).reasons[0]?.code === 'inventory.not_active');
  },
);

withReadOnly(
  'over a store that became read-only a server decides from what is there, and commands say so',
  async (t) => {
    const asked = await serveRaw(t, (document) => {
      document['state'] = { path: 'state/state.db' };
    });
    const meter = await request(asked);
    const undo = makeReadOnly(t, join(asked.world.folder, 'state'));
    for (const args of await changing(asked, 10)) {
      const { code, error } = await command(asked, args);
      t.is(code, 2);
      t.is(error.code, 'PDP_STORE_UNAVAILABLE');
      t.true(
        error.message.startsWith(`store ${resolve(asked.world.folder, 'state/state.db')}: `),
        error.message,
      );
      t.regex(error.message, /give write permission|may be read and written/);
    }
    await decidesWithAge(t, asked, meter);
    t.is((await asked.server.page('/readyz')).status, 200);
    t.is((await command(asked, ['device', 'get', deviceId('meter/1')])).code, 0, 'reading goes on');
    undo();
    t.is((await command(asked, disable)).code, 0);
    await until(async () => (await asked.decide(meter)).reasons[0]?.code === 'inventory.not_active');
  },
);

withReadOnly('a server does not start on a store that it may not write, and says what to do', async (t) => {
  const asked = await serveRaw(t, (document) => {
    document['state'] = { path: 'state/state.db' };
  });
  await asked.server.stop();
  asked.world.deps.store.close();
  const undo = makeReadOnly(t, join(asked.world.folder, 'state'));
  const { code, error } = await command(asked, ['serve']);
  t.is(code, 2);
  t.is(error.code, 'PDP_STORE_UNAVAILABLE');
  t.regex(error.message, /state\.db: .*(give write permission|may be read and written)/);
  undo();
});
