import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { parse, stringify } from 'yaml';
import { provedEntries } from '../helpers/log-folder.ts';
import { makeReadOnly, smallVolume, withReadOnly, withVolume } from '../helpers/raw-volume.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';

const unavailable = 'system.audit_unavailable';

interface Told {
  readonly outcome: string;
  readonly decision_id: string;
  readonly reasons: readonly { readonly code: string }[];
  readonly faults: readonly { readonly code: string }[];
}

async function site(t: ExecutionContext, more: (document: Document) => void): Promise<World> {
  const world = await makeWorld({ now: Date.now(), configure: forServer(more) });
  t.teardown(world.close);
  return world;
}

async function ask(world: World, server: Server): Promise<Told> {
  const leaf = await world.leaf('meter/1');
  return server.client().decide({
    peer_chain: [leaf.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  });
}

interface Audit {
  readonly writable: boolean;
  readonly error: string | null;
  readonly kept_error: string | null;
}

const auditOf = async (server: Server): Promise<Audit> => (await server.status()).audit as unknown as Audit;

/** The very first decision is answered as one that cannot be recorded, and the server is there to say so. */
async function assertUnrecorded(
  t: ExecutionContext,
  world: World,
  server: Server,
  onFailure: 'deny' | 'continue',
): Promise<Told> {
  const told = await ask(world, server);
  t.is(told.outcome, onFailure === 'deny' ? 'deny' : 'allow');
  t.is(told.reasons[0]?.code, onFailure === 'deny' ? unavailable : 'policy.ok');
  t.is(told.faults[0]?.code, unavailable);
  t.is((await server.page('/readyz')).status, 200, 'denials are answers');
  const { writable, error } = await auditOf(server);
  t.false(writable);
  t.truthy(error);
  return told;
}

/** With room again records are written without anybody's doing, and whatever they name by digest is kept. */
async function assertGoesOn(
  t: ExecutionContext,
  world: World,
  server: Server,
  log: string,
): Promise<readonly string[]> {
  await until(async () => (await auditOf(server)).writable);
  const told = await ask(world, server);
  t.like(told, { outcome: 'allow', faults: [] });
  await until(async () => (await auditOf(server)).kept_error === null);
  t.is(await server.stop(), 0);
  const { entries } = await provedEntries(log);
  const records = entries.map((entry) => JSON.parse(entry) as Readonly<Record<string, unknown>>);
  t.true(records.some(({ decision_id: id }) => id === told.decision_id));
  for (const { versions } of records) {
    const { configuration, anchors, bundle, classes, catalogue } = (versions ?? {}) as Record<string, string>;
    for (const digest of [configuration, anchors, bundle, classes, catalogue])
      t.true(digest === undefined || existsSync(join(log, 'kept', digest)), `${digest} is kept`);
  }
  return entries;
}

for (const mode of ['strict', 'relaxed'] as const) {
  for (const onFailure of ['deny', 'continue'] as const) {
    withVolume(
      `${mode}: a server begins its log on a full volume as it would go on there (${onFailure}), and by itself once there is room`,
      async (t) => {
        const volume = smallVolume(t, '8m');
        const log = join(volume.folder, 'log');
        const world = await site(t, (document) => {
          document['audit'] = { path: log, key: join(volume.folder, 'key.pem'), mode, on_failure: onFailure };
        });
        volume.fill();
        const server = await startServer(t, world.configFile);
        t.regex((await auditOf(server)).kept_error ?? '', /ENOSPC/);
        const unrecorded = await assertUnrecorded(t, world, server, onFailure);
        t.true(server.log.some((line) => line.startsWith('records cannot be written: ')));
        volume.empty();
        const entries = await assertGoesOn(t, world, server, log);
        t.false(entries.some((entry) => entry.includes(unrecorded.decision_id)));
        const acts = entries.map((entry) => (JSON.parse(entry) as { act?: string }).act);
        t.is(acts[0], 'log_key');
        for (const act of ['log_key', 'start', 'stop'])
          t.is(acts.filter((one) => one === act).length, 1, 'nothing stands twice of what was tried in vain');
      },
    );
  }
}

for (const end of ['an orderly stop, under another configuration', 'a kill'] as const) {
  withVolume(
    `after ${end}, a server comes up on a full volume that has its state too, denies, and goes on in the same log`,
    async (t) => {
      const volume = smallVolume(t, '16m');
      const log = join(volume.folder, 'log');
      const world = await site(t, (document) => {
        document['state'] = { path: join(volume.folder, 'state.db') };
        document['audit'] = { path: log, key: join(volume.folder, 'key.pem'), mode: 'strict' };
      });
      const first = await startServer(t, world.configFile);
      const before = await ask(world, first);
      t.is(before.outcome, 'allow');
      first.signal(end === 'a kill' ? 'SIGKILL' : 'SIGTERM');
      await first.ended;
      // Then there is something new to keep; else the log itself is what is opened again and again.
      if (end !== 'a kill') changeSite(world);
      volume.fill();
      const second = await startServer(t, world.configFile);
      await assertUnrecorded(t, world, second, 'deny');
      // Several attempts later.
      await new Promise((resolve) => setTimeout(resolve, 2000));
      t.is(second.log.filter((line) => line.includes('was not closed')).length, end === 'a kill' ? 1 : 0);
      t.is(second.log.filter((line) => line.startsWith('records cannot be written')).length, 1);
      volume.empty();
      const entries = await assertGoesOn(t, world, second, log);
      t.true(entries.some((entry) => entry.includes(before.decision_id)));
      const recovered = entries.filter((entry) => entry.includes('"act":"log_recovered"'));
      t.is(recovered.length, end === 'a kill' ? 1 : 0);
    },
  );
}

/** So that a start has something new to keep. */
function changeSite({ configFile }: World): void {
  const document = parse(readFileSync(configFile, 'utf8')) as Document;
  writeFileSync(configFile, stringify({ ...document, site: 'elsewhere' }));
}

withReadOnly(
  'a server comes up over a log on a volume that is read-only, denies, and goes on by itself',
  async (t) => {
    const volume = smallVolume(t, '8m');
    const log = join(volume.folder, 'log');
    const world = await site(t, (document) => {
      document['audit'] = { path: log, key: join(volume.folder, 'key.pem'), mode: 'strict' };
    });
    const first = await startServer(t, world.configFile);
    t.is((await ask(world, first)).outcome, 'allow');
    t.is(await first.stop(), 0);
    // Whatever made it so is gone with it: the lock cannot even be tried.
    rmSync(`${log}.lock`, { force: true });
    const writableAgain = makeReadOnly(t, volume.folder);
    const second = await startServer(t, world.configFile);
    t.true(second.log.some((line) => line.includes('cannot be found out')));
    await assertUnrecorded(t, world, second, 'deny');
    writableAgain();
    await assertGoesOn(t, world, second, log);
  },
);
