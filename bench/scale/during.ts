/**
 * The p99 of decisions while a long CRL is applied by the server, or an inventory imported by another process, beside
 * that at rest: requests leave at a fixed rate whatever the answers do, and each is timed from when it was due. In turn,
 * in one run; and once more beside a process that the server knows nothing of and that keeps a core busy for as long.
 * Usage: node bench/scale/during.ts [--work crl|import] [--entries N] [--rounds N] [--rate N] [--seconds N] [--devices N]
 *   --entries of the list, or rows of the inventory; --rate requests a second, --seconds of each stretch at rest, --devices that are asked about in turn
 * Goal: the ratio of the medians of all p99 ≤ 2, no failed call. Exit 1 where it is missed.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LoadClient } from '../load/client.ts';
import { requestMaker } from './asking.ts';
import { publishBeside, type Turn } from './beside.ts';
import { longLists } from './bulk-work.ts';
import { count, percentile, rounded, say } from './figures.ts';
import { makeFleet, makePki, type Pki } from './fleet.ts';
import { pour } from './pour.ts';
import { freePort, startServer, type BenchServer } from './servers.ts';
import { stranger } from './stranger.ts';

const { values } = parseArgs({
  options: {
    work: { type: 'string', default: 'crl' },
    entries: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '5' },
    devices: { type: 'string', default: '1000' },
  },
});
const [entries, rounds, rate] = [count(values.entries), count(values.rounds), count(values.rate)];
const [seconds, devices] = [count(values.seconds), count(values.devices)];
const goal = 2;
const now = Date.now();
const folder = mkdtempSync(join(tmpdir(), 'portreeve-during-'));

let failed = 0;

/** What is done beside the decisions, once a round. */
interface Work {
  readonly name: string;
  readonly doing: string;
  once(server: BenchServer): Promise<unknown>;
}

async function crls(pki: Pki): Promise<Work> {
  say('during: making long lists');
  const lists = await longLists({ folder, pki, issuer: 1, now }, rounds, entries);
  return { name: 'during', doing: 'applying', once: (server) => lists.apply(server) };
}

/** A process that imports over and over, held up between rounds by being ended. */
function imports(): Work {
  const importOnce = async (): Promise<void> => {
    const file = join(import.meta.dirname, 'import-again.ts');
    const child = fork(file, [join(folder, 'state.db'), String(entries)]);
    const done = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)]);
    child.kill('SIGKILL');
    if (!done) throw new Error('the import ended by itself');
  };
  return { name: 'during-import', doing: 'importing', once: importOnce };
}

async function run(): Promise<void> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const pki = await makePki(2, now);
  const configFile = await makeFleet({ folder, port, adminPort, pki, devices, revoked: 2000, now });
  const work = values.work === 'import' ? imports() : await crls(pki);
  const make = await requestMaker(pki, 1, now);
  // Under both issuers: also those whose list is being replaced.
  const bodies = Array.from({ length: devices }, (_, index) => make(index, index));
  const server = await startServer(configFile, adminPort, { pinned: false });
  const client = new LoadClient(`127.0.0.1:${port}`, 4);
  await pour(client, bodies, rate, pause((3 * devices * 1000) / rate));
  const turns: Turn[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const rest = await pour(client, bodies, rate, pause(seconds * 1000));
    const began = performance.now();
    const applying = await pour(client, bodies, rate, work.once(server));
    const took = performance.now() - began;
    const control = await pour(client, bodies, rate, stranger(took));
    failed += rest.failed + applying.failed + control.failed;
    const appliedIn = rounded(took / 1000);
    const told = { applied_in_s: appliedIn };
    turns.push({ rest: rest.times, busy: applying.times, control: control.times, told });
    const p99 = (times: readonly number[]): string => percentile(times, 99).toFixed(2);
    say(
      `${work.name}: round ${round + 1}/${rounds}: rest ${p99(rest.times)}, ${work.doing} ${p99(applying.times)} ms, ${appliedIn} s, beside a stranger ${p99(control.times)} ms`,
    );
  }
  client.close();
  await server.stop();
  const command = `node bench/scale/during.ts --work ${values.work} --entries ${entries} --rounds ${rounds} --rate ${rate} --seconds ${seconds}`;
  const sizes = { entries, rate, seconds, devices };
  publishBeside({ name: work.name, command, work: work.doing, sizes, goal, failed }, turns);
}

try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
