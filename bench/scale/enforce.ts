/**
 * How long it takes from an operator's act to the first denial on a running server that is asked about the device all
 * the time: a device's status, a hold, and one more entry on a CRL; at rest, and while an inventory is imported and
 * long CRLs are applied. Times are counted from the beginning of the act (waiting for the store included) and from its
 * commit; with the real commands, whose start takes longer than all else, from their return.
 * Usage: node bench/scale/enforce.ts [--tries N] [--commands N] [--import N] [--entries N] [--lists N] [--crl N]
 *   --import rows of the inventory, --entries of each long CRL, --lists that are made ready, --crl entries of the CRL
 *   that one is added to
 * Goal: p99 from the beginning < 100 ms in both, no failed call. Exit 1 where it is missed.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LoadClient } from '../load/client.ts';
import { readAnswer, requestMaker } from './asking.ts';
import { longLists, startBulkWork } from './bulk-work.ts';
import { count, monotonicMs, publish, root, say, spread } from './figures.ts';
import { crlOf, deviceId, makeFleet, makePki } from './fleet.ts';
import { serialOf } from './leaves.ts';
import type { Act, Done } from './operator.ts';
import { freePort, startServer } from './servers.ts';

const { values } = parseArgs({
  options: {
    tries: { type: 'string', default: '20' },
    commands: { type: 'string', default: '3' },
    import: { type: 'string', default: '50000' },
    entries: { type: 'string', default: '50000' },
    lists: { type: 'string', default: '8' },
    crl: { type: 'string', default: '1000' },
  },
});
const [tries, commands] = [count(values.tries), count(values.commands)];
const [rows, entries, lists, crlSize] = [
  count(values.import),
  count(values.entries),
  count(values.lists),
  count(values.crl),
];
const goalMs = 100;
const kinds = ['set_status', 'hold', 'crl'] as const;
type Kind = (typeof kinds)[number];
const reasons: Readonly<Record<Kind, string>> = {
  set_status: 'inventory.quarantined',
  hold: 'hold.device',
  crl: 'revocation.revoked',
};
const family = 1;
const now = Date.now();
const folder = mkdtempSync(join(tmpdir(), 'portreeve-enforce-'));

interface Times {
  readonly from_begin: number[];
  readonly from_commit: number[];
  /** From the end of the command's process. */
  readonly from_return: number[];
}

let failed = 0;
/** What must end before the folder goes, the last first. */
const ends: (() => unknown)[] = [];

async function run(): Promise<void> {
  const [port, adminPort] = [await freePort(), await freePort()];
  // The second issuer is the one of the long lists.
  const pki = await makePki(2, now);
  const devices = 2 * kinds.length * (tries + commands) + 1;
  const configFile = await makeFleet({ folder, port, adminPort, pki, devices, revoked: 2 * crlSize, now });
  say('enforce: making long lists');
  const long = await longLists({ folder, pki, issuer: 1, now }, lists, entries);
  const server = await startServer(configFile, adminPort, { pinned: false });
  ends.unshift(() => server.stop());
  const client = new LoadClient(`127.0.0.1:${port}`, 1);
  const make = await requestMaker(pki, family, now);
  const operator = fork(join(import.meta.dirname, 'operator.ts'), [folder]);
  await once(operator, 'message');
  ends.unshift(() => operator.connected && operator.disconnect());
  const revoked: string[] = [];
  let device = 0;

  const ask = async (body: Buffer): Promise<ReturnType<typeof readAnswer> | undefined> => {
    try {
      return readAnswer(await client.call(body));
    } catch {
      failed += 1;
      return undefined;
    }
  };
  const byOperator = async (act: Act): Promise<Done> => {
    operator.send(act);
    return ((await once(operator, 'message')) as [Done])[0];
  };
  const byCommand = async (act: Act): Promise<Done> => {
    const words =
      act.is === 'crl'
        ? ['crl', 'import', act.file]
        : act.is === 'hold'
          ? ['hold', 'add', '--device', act.device, '--no-end']
          : ['device', 'set-status', act.device, 'quarantined'];
    const begun = monotonicMs();
    const line = ['src/main.ts', ...words, '--why', 'bench', '--config', configFile];
    const child = spawn(process.execPath, line, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    const [code] = (await once(child, 'exit')) as [number];
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}`);
    return { begun, committed: monotonicMs() };
  };
  const actOf = async (kind: Kind, number: number): Promise<Act> => {
    if (kind !== 'crl') return { is: kind, device: deviceId(number) };
    revoked.push(serialOf(family, 2 * number).toString('hex'));
    const file = join(folder, 'more.crl');
    const issuer = pki.issuers[0];
    if (issuer) writeFileSync(file, await crlOf(issuer, 1 + revoked.length, crlSize, now, revoked));
    return { is: 'crl', file };
  };
  const untilAllowed = async (body: Buffer): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) {
      const answer = await ask(body);
      if (answer?.allowed === true) return;
      if (answer) failed += 1;
      if (answer && !answer.reason.startsWith('system.') && answer.reason !== 'policy.timeout')
        throw new Error(`${deviceId(device)} is denied with ${answer.reason}`);
      await pause(200);
    }
    throw new Error(`${deviceId(device)} was never allowed`);
  };
  const attempt = async (
    kind: Kind,
    perform: (act: Act) => Promise<Done>,
  ): Promise<Done & { denied: number }> => {
    device += 1;
    // Even numbers are certificates of the first issuer.
    const body = make(device, 2 * device);
    await untilAllowed(body);
    const act = await actOf(kind, device);
    const acting = perform(act);
    for (;;) {
      const answer = await ask(body);
      const denied = monotonicMs();
      if (answer?.reason === reasons[kind]) return { ...(await acting), denied };
      // A denial of our own fault, such as one that came too late.
      if (answer?.allowed === false) failed += 1;
    }
  };
  const series = async (name: string): Promise<Record<Kind, { from_begin: { p99: number } }>> => {
    const times = Object.fromEntries(
      kinds.map((kind) => [kind, { from_begin: [], from_commit: [], from_return: [] }]),
    ) as unknown as Record<Kind, Times>;
    for (let turn = 0; turn < tries; turn += 1)
      for (const kind of kinds) {
        const { begun, committed, denied } = await attempt(kind, byOperator);
        times[kind].from_begin.push(denied - begun);
        times[kind].from_commit.push(Math.max(0, denied - committed));
      }
    for (let turn = 0; turn < commands; turn += 1)
      for (const kind of kinds) {
        const { committed, denied } = await attempt(kind, byCommand);
        times[kind].from_return.push(Math.max(0, denied - committed));
      }
    const told = Object.fromEntries(
      kinds.map((kind) => [
        kind,
        {
          from_begin: spread(times[kind].from_begin),
          from_commit: spread(times[kind].from_commit),
          command_from_return: spread(times[kind].from_return),
        },
      ]),
    ) as unknown as Record<Kind, { from_begin: { p99: number } }>;
    say(`enforce: ${name}: ${kinds.map((kind) => `${kind} p99 ${told[kind].from_begin.p99} ms`).join(', ')}`);
    return told;
  };

  const rest = await series('at rest');
  const bulk = startBulkWork(folder, rows, long, server);
  ends.unshift(() => bulk.kill());
  const busy = await series('during bulk work');
  const work = await bulk.stop();
  const restarts = (await server.status()).workers[0]?.restarts;
  client.close();
  const all = [rest, busy];
  const missed = [
    ...all.flatMap((told, place) =>
      kinds
        .filter((kind) => told[kind].from_begin.p99 >= goalMs)
        .map((kind) => `${place === 0 ? 'rest' : 'bulk'}: ${kind}`),
    ),
    ...(failed > 0 ? ['failed_calls'] : []),
  ];
  const sizes = `--tries ${tries} --commands ${commands} --import ${rows} --entries ${entries} --lists ${lists} --crl ${crlSize}`;
  publish(
    'enforce',
    `node bench/scale/enforce.ts ${sizes}`,
    {
      unit: 'ms',
      at_rest: rest,
      during_bulk_work: busy,
      bulk_work: work,
      failed_calls: failed,
      restarts,
      goal_ms: goalMs,
    },
    missed,
  );
}

try {
  await run();
} finally {
  for (const end of ends) await end();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
