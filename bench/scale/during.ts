/**
 * The p99 of decisions while a long CRL is applied by the server, beside that at rest: requests leave at a fixed rate
 * whatever the answers do, and each is timed from when it was due. In turn, in one run.
 * Usage: node bench/scale/during.ts [--entries N] [--rounds N] [--rate N] [--seconds N] [--devices N]
 *   --rate requests a second, --seconds of each stretch at rest, --devices that are asked about in turn
 * Goal: the ratio of the medians of all p99 ≤ 2, no failed call. Exit 1 where it is missed.
 */
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
import { makeFleet, makePki } from './fleet.ts';
import { pour } from './pour.ts';
import { freePort, startServer } from './servers.ts';

const { values } = parseArgs({
  options: {
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

async function run(): Promise<void> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const pki = await makePki(2, now);
  const configFile = await makeFleet({ folder, port, adminPort, pki, devices, revoked: 2000, now });
  say('during: making long lists');
  const lists = await longLists({ folder, pki, issuer: 1, now }, rounds, entries);
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
    const applying = await pour(client, bodies, rate, lists.apply(server));
    failed += rest.failed + applying.failed;
    const appliedIn = rounded((performance.now() - began) / 1000);
    turns.push({ rest: rest.times, busy: applying.times, told: { applied_in_s: appliedIn } });
    const p99 = (times: readonly number[]): string => percentile(times, 99).toFixed(2);
    say(
      `during: round ${round + 1}/${rounds}: rest ${p99(rest.times)}, applying ${p99(applying.times)} ms, ${appliedIn} s`,
    );
  }
  client.close();
  await server.stop();
  const command = `node bench/scale/during.ts --entries ${entries} --rounds ${rounds} --rate ${rate} --seconds ${seconds}`;
  publishBeside({ name: 'during', command, work: 'applying', goal, failed }, turns);
}

try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
