/**
 * The p99 of decisions while one policy bundle after another is put in force, each after its self-test in a process of
 * its own, beside that at rest: requests leave at a fixed rate whatever the answers do, and each is timed from when it
 * was due. In turn, in one run; and once more beside processes of as much work that the server knows nothing of, at the
 * same low priority, which shows what of it the machine is.
 * Usage: node bench/scale/swap.ts [--rounds N] [--rate N] [--seconds N] [--devices N] [--swaps N]
 *   --rate requests a second, --seconds of each stretch at rest, --swaps bundles of each other stretch, --devices that are asked about in turn
 * Goal: the ratio of the medians of all p99 ≤ 2, no failed call. Exit 1 where it is missed.
 */
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { sha256Hex } from '../../src/lib/bytes.ts';
import { bundleFilesOf, readBundleFile } from '../../src/policy/bundle.ts';
import { packFiles } from '../../src/policy/pack-bundle.ts';
import { LoadClient } from '../load/client.ts';
import { requestMaker } from './asking.ts';
import { publishBeside, type Turn } from './beside.ts';
import { count, percentile, rounded, say } from './figures.ts';
import { makeFleet, makePki } from './fleet.ts';
import { pour } from './pour.ts';
import { freePort, startServer, type BenchServer } from './servers.ts';
import { stranger } from './stranger.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '10' },
    devices: { type: 'string', default: '1000' },
    swaps: { type: 'string', default: '5' },
  },
});
const [rounds, rate, seconds] = [count(values.rounds), count(values.rate), count(values.seconds)];
const [devices, swaps] = [count(values.devices), count(values.swaps)];
const goal = 2;
/** Between two looks at `/status`, each of which is work for the server as well (ms). */
const lookMs = 100;
/** What an exchange takes of a core, by a self-test's process, and on the clock (ms). */
const strangeMs = { work: 250, every: 400 };
const now = Date.now();
const folder = mkdtempSync(join(tmpdir(), 'portreeve-swap-'));

/** The default policy under another revision: other bytes, the same rules. */
function variant(number: number): Uint8Array {
  const files = new Map(bundleFilesOf(readBundleFile(null)));
  const manifest = JSON.parse(Buffer.from(files.get('.manifest') as Uint8Array).toString()) as object;
  files.set('.manifest', Buffer.from(JSON.stringify({ ...manifest, revision: `r${number}` })));
  return packFiles(files);
}

/** A bundle that lies ready: packing one holds up whoever sends requests meanwhile, and that is this process. */
interface Ready {
  readonly file: string;
  readonly digest: string;
}

function prepare(number: number): Ready {
  const bytes = variant(number);
  const file = join(folder, `policy-${number}.tar.gz`);
  writeFileSync(file, bytes);
  return { file, digest: sha256Hex(bytes) };
}

/** Replaces the bundle's file and waits until every worker decides by it; answers how long that took (ms). */
async function exchange(server: BenchServer, { file, digest }: Ready): Promise<number> {
  const began = performance.now();
  renameSync(file, join(folder, 'policy.tar.gz'));
  while (!(await server.status()).workers.every(({ bundle }) => bundle === digest)) await pause(lookMs);
  return performance.now() - began;
}

/** As much work as a self-test in a process of its own, and as long a rest behind it as an exchange has. */
async function strange(): Promise<void> {
  const began = performance.now();
  await stranger(strangeMs.work);
  await pause(Math.max(0, strangeMs.every - (performance.now() - began)));
}

async function run(): Promise<void> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const pki = await makePki(2, now);
  const configFile = await makeFleet({ folder, port, adminPort, pki, devices, revoked: 2000, now });
  appendFileSync(configFile, '\npolicy:\n  bundle: policy.tar.gz\n');
  writeFileSync(join(folder, 'policy.tar.gz'), variant(0));
  const make = await requestMaker(pki, 1, now);
  const bodies = Array.from({ length: devices }, (_, index) => make(index, index));
  const server = await startServer(configFile, adminPort, { pinned: false });
  const client = new LoadClient(`127.0.0.1:${port}`, 4);
  await pour(client, bodies, rate, pause((3 * devices * 1000) / rate));
  const turns: Turn[] = [];
  let failed = 0;
  for (let round = 0; round < rounds; round += 1) {
    const rest = await pour(client, bodies, rate, pause(seconds * 1000));
    const took: number[] = [];
    const bundles = Array.from({ length: swaps }, (_, swap) => prepare(round * swaps + swap + 1));
    const exchanges = (async () => {
      for (const bundle of bundles) took.push(await exchange(server, bundle));
    })();
    const exchanging = await pour(client, bodies, rate, exchanges);
    const strangers = (async () => {
      for (let one = 0; one < swaps; one += 1) await strange();
    })();
    const control = await pour(client, bodies, rate, strangers);
    failed += rest.failed + exchanging.failed + control.failed;
    const told = { in_force_ms: took.map(rounded) };
    turns.push({ rest: rest.times, busy: exchanging.times, control: control.times, told });
    const p99 = (times: readonly number[]): string => percentile(times, 99).toFixed(2);
    say(
      `swap: round ${round + 1}/${rounds}: rest ${p99(rest.times)}, exchanging ${p99(exchanging.times)}, beside a stranger ${p99(control.times)} ms`,
    );
  }
  client.close();
  await server.stop();
  const command = `node bench/scale/swap.ts --rounds ${rounds} --rate ${rate} --seconds ${seconds} --swaps ${swaps}`;
  const sizes = { swaps, rate, seconds, devices };
  publishBeside({ name: 'swap', command, work: 'exchanging', sizes, goal, failed }, turns);
}

try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
