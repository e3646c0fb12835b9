/**
 * What a decision costs: CPU time of all processes of each server, in one run, row by row in turn, beside a no-op
 * grpc-js server, a server written by hand in Go where Go is, and opa-envoy-plugin where OPA_ENVOY names its binary; then
 * how long answers take at half load. Servers are kept on one core, load and collector on the other (`taskset`).
 * Usage: node bench/load/run.ts [--rounds N] [--calls N] [--rows warm,cold,…] [--turns N] [--seconds N] [--json]
 *   --calls decisions of each row in a round (some rows take an eighth), --turns of --seconds for the latency (0 = none)
 * Exit 1 where a call failed or was answered otherwise than it must be. Results: bench/results/load.json; with --rows
 * they are only printed.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { circumstances, count, save, say } from '../scale/figures.ts';
import { wrongIn } from './answers.ts';
import { makeBodies, type BodyMaker } from './bodies.ts';
import { tryRego } from './opa-eval.ts';
import { latencyOf, measureLatency, type Latency } from './latency.ts';
import { startOurs, variants, type Contestant } from './ours.ts';
import { startGo, startNoop, startOpaEnvoy, type MaybeContestant } from './peers.ts';
import { canPin, freePort, pinToLoadCore, startNode } from './processes.ts';
import { rowFigures, tableOf, type RowFigures } from './report.ts';
import { measure, samplesOf, thaw, warmUp, type Measuring, type Samples } from './rounds.ts';
import { rows, type Row } from './rows.ts';
import { makeWorld } from './world.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    calls: { type: 'string', default: '8000' },
    rows: { type: 'string' },
    turns: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '8' },
    json: { type: 'boolean', default: false },
  },
});
const [rounds, calls, seconds] = [count(values.rounds), count(values.calls), count(values.seconds)];
const turns = Number(values.turns);
const wanted = values.rows?.split(',');
/**
 * Calls after which a server's code is compiled as well as it ever will be, that of the parent too, which works on many
 * calls at once; fewer where each needs a certificate of its own.
 */
const compiledAfter = { whole: 64_000, few: 16_000 } as const;

if (!canPin) say('bench: no taskset or one core only: servers and load share cores, trust the ratios less');
pinToLoadCore();
say('bench: making devices and certificates');
const world = await makeWorld(Date.now());
const maker = await makeBodies(world);
const sinkPort = await freePort();
const sink = startNode(['bench/load/otlp-sink.ts', String(sinkPort)], {
  log: join(world.folder, 'sink.log'),
  core: 'load',
});
const contestants = new Map<string, Contestant>();
const missing = new Map<string, string>();
try {
  const taking = rows.filter(
    ({ name }) => !wanted || wanted.includes(name) || name === 'noop' || name === 'warm',
  );
  await startAll(maker, new Set(taking.map(({ server }) => server)));
  const measuring = { maker, contestants, calls };
  const samples = await runRounds(
    taking.filter(({ server }) => !missing.has(server)),
    measuring,
  );
  thaw(contestants);
  const warm = samples.find(({ row }) => row.name === 'warm');
  const cpuMicros = (warm && rowFigures(warm, samples).cpu_us) ?? Number.NaN;
  const latency = turns > 0 ? await latencyAlone({ ...measuring, cpuMicros }) : [];
  await report(taking, samples, latency);
} finally {
  thaw(contestants);
  for (const { client } of contestants.values()) client.close();
  await Promise.all([...contestants.values()].map(({ running }) => running.stop()));
  await sink.stop();
  for (const folder of [world.folder, ...variants.map(({ name }) => `${world.folder}-${name}`)])
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function startAll(maker: BodyMaker, servers: ReadonlySet<string>): Promise<void> {
  const first = maker.warm[0] as Buffer;
  for (const variant of variants) {
    if (!servers.has(variant.name)) continue;
    contestants.set(variant.name, await startOurs(world, variant, `http://127.0.0.1:${sinkPort}`, first));
  }
  const answer = await (contestants.get('shipped') as Contestant).client.call(first);
  if (wrongIn('check', answer, true, 1) > 0) throw new Error('a request that must be allowed is denied');
  contestants.set('noop', await startNoop(world, answer, first));
  const peers: readonly (readonly [string, () => Promise<MaybeContestant>])[] = [
    ['go', () => startGo(world, first)],
    ['opa', () => startOpaEnvoy(world, first)],
  ];
  for (const [name, begin] of peers) {
    if (!servers.has(name)) continue;
    const peer = await begin();
    if ('missing' in peer) missing.set(name, peer.missing);
    else contestants.set(name, peer);
  }
  for (const [name, why] of missing) say(`bench: NOT RUN: ${name}: ${why}`);
  if (missing.has('opa')) tellRego(maker);
}

/** Where its server is missing, the Rego is at least tried. */
function tellRego(maker: BodyMaker): void {
  const wrong = tryRego(world, maker);
  if (wrong === undefined) say('bench: no opa either: the Rego of bench/peers/opa was not tried');
  else if (wrong.length === 0) say('bench: the Rego of bench/peers/opa answers as it must (opa eval)');
  else {
    for (const one of wrong) say(`bench: FAILED: the Rego of bench/peers/opa: ${one}`);
    process.exitCode = 1;
  }
}

async function runRounds(taking: readonly Row[], measuring: Measuring): Promise<Samples[]> {
  const samples = taking.map((row) => samplesOf(row, measuring));
  say('bench: warming up');
  const met = new Set<string>();
  for (const row of taking) {
    const least = compiledAfter[row.share < 1 ? 'few' : 'whole'];
    await warmUp(row, measuring, met.has(row.server) ? 1 : least);
    met.add(row.server);
  }
  for (let round = 0; round < rounds; round += 1) {
    // Each row comes first as often as the others.
    const place = Math.floor((round * samples.length) / rounds);
    for (const one of [...samples.slice(place), ...samples.slice(0, place)]) await measure(one, measuring);
    const last = samples.map(({ row, cpu }) => `${row.name} ${cpu.at(-1)?.toFixed(0)}`);
    say(`bench: round ${round + 1}/${rounds}: ${last.join(', ')} µs`);
  }
  return samples;
}

/** How long answers take with the other servers gone: what they do later of what they were asked before takes no turn. */
async function latencyAlone(o: Measuring & { readonly cpuMicros: number }): Promise<Latency[]> {
  const others = [...contestants].filter(([name]) => !latencyOf.includes(name));
  for (const [name, { client, running }] of others) {
    client.close();
    await running.stop();
    contestants.delete(name);
  }
  return measureLatency(o, { cpuMicros: o.cpuMicros, turns, seconds });
}

async function report(
  taking: readonly Row[],
  samples: readonly Samples[],
  latency: readonly Latency[],
): Promise<void> {
  const spans = Number(await (await fetch(`http://127.0.0.1:${sinkPort}/shipped`)).text());
  const figures: RowFigures[] = taking.map(({ name, title, server }) => {
    const found = samples.find(({ row }) => row.name === name);
    return found ? rowFigures(found, samples) : { name, title, missing: missing.get(server) ?? 'unknown' };
  });
  const failed = [...figures, ...latency].reduce((sum, one) => sum + (one.failed ?? 0), 0);
  const result = {
    command: `node bench/load/run.ts --rounds ${rounds} --calls ${calls} --turns ${turns} --seconds ${seconds}`,
    ...circumstances(),
    ...{ pinned: canPin, rounds, calls, failed, spans_exported: spans, rows: figures, latency },
  };
  if (!wanted) save('load', result);
  if (values.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else
    process.stdout.write(
      `${tableOf(figures)}${latency.map(lineOf).join('')}  spans that reached the collector: ${spans}\n`,
    );
  if (spans === 0) say('bench: FAILED: no span reached the collector');
  if (failed > 0 || spans === 0) process.exitCode = 1;
}

function lineOf({ server, rate, ...one }: Latency): string {
  const failed = one.failed ? `, ${one.failed} FAILED OR WRONG` : '';
  return `  ${server} at ${rate} a second: p50 ${one.p50_ms} ms, p99 ${one.p99_ms} ms (÷ p50 ${one.p99_to_p50}; turns ${one.p99_spread_ms.join('–')}); the client itself late by ${one.client_late_p99_ms} ms at p99${failed}\n`;
}
