/**
 * What much state costs: a server over a large inventory and long CRLs beside one over a thousand devices and serial
 * numbers, in one run, round by round in turn. Every request comes with a certificate of its own (real, verified), of
 * devices taken evenly from the whole inventory; the small fleet's devices have as many certificates. Three rows:
 * certificates that the server sees for the first time, known ones asked again after a change, for which all state
 * is read anew, and the same once more, warm. Also anonymous memory of each process, and the time from start to ready.
 * Usage: node bench/scale/state.ts [--devices N] [--revoked N] [--issuers N] [--distinct N] [--rounds N] [--starts N]
 * Goals: CPU per decision ≤ 1.3 times the small fleet's, RssAnon ≤ 300 MB, ready ≤ 2 s. Exit 1 where one is missed.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setStatus } from '../../src/inventory/edit.ts';
import { openStore } from '../../src/store/open.ts';
import { LoadClient } from '../load/client.ts';
import { cpuMicros } from '../load/cpu-time.ts';
import { readAnswer, requestMaker, type RequestMaker } from './asking.ts';
import { count, median, publish, rounded, say } from './figures.ts';
import { deviceId, makeFleet, makePki, revokedFamily } from './fleet.ts';
import { anonymousMb, freePort, pinToSecondCore, startServer, type BenchServer } from './servers.ts';

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '100000' },
    revoked: { type: 'string', default: '100000' },
    issuers: { type: 'string', default: '10' },
    distinct: { type: 'string', default: '8000' },
    rounds: { type: 'string', default: '4' },
    starts: { type: 'string', default: '3' },
  },
});
const [devices, revoked, issuers] = [count(values.devices), count(values.revoked), count(values.issuers)];
const [distinct, rounds, starts] = [count(values.distinct), count(values.rounds), count(values.starts)];
const goals = { ratio: 1.3, anonymous_mb: 300, ready_ms: 2000 };
const thousand = 1000;
const parallel = 32;
const rowNames = ['unseen', 'changed', 'warm'] as const;
/** Certificates that are asked again: fewer than a server remembers. */
const known = 8000;
const perRound = Math.ceil(distinct / rounds);
const now = Date.now();
const folder = mkdtempSync(join(tmpdir(), 'portreeve-scale-'));

interface Side {
  readonly name: 'large' | 'small';
  readonly devices: number;
  readonly family: number;
  readonly folder: string;
  readonly configFile: string;
  readonly adminPort: number;
  readonly client: LoadClient;
  readonly cpu: Record<'unseen' | 'changed' | 'warm', number[]>;
  readonly readyMs: number[];
  server?: BenchServer;
  request?: RequestMaker;
}

const pki = await makePki(issuers, now);
let failed = 0;
let replaced = 0;
const running: Side[] = [];

async function prepare(name: Side['name'], size: number, listed: number, family: number): Promise<Side> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const at = join(folder, name);
  const began = performance.now();
  const fleet = { folder: at, port, adminPort, pki, devices: size, revoked: listed, now };
  const configFile = await makeFleet(fleet);
  const seconds = rounded((performance.now() - began) / 1000, 0);
  say(`state: ${name}: ${size} devices, ${listed} revoked, made in ${seconds} s`);
  const client = new LoadClient(`127.0.0.1:${port}`, 4);
  const samples = { cpu: { unseen: [], changed: [], warm: [] }, readyMs: [] };
  return { name, devices: size, family, folder: at, configFile, adminPort, client, ...samples };
}

/** Starts both in turn, several times, and leaves them running. */
async function startAll(sides: readonly Side[]): Promise<void> {
  for (let start = 0; start < starts; start += 1)
    for (const side of sides) {
      await side.server?.stop();
      side.server = await startServer(side.configFile, side.adminPort, { pinned: true });
      side.readyMs.push(side.server.readyMs);
    }
  running.push(...sides);
  for (const side of sides) side.request = await requestMaker(pki, side.family, now);
}

/** Requests number `from` on; which device each is of goes evenly over all, in no order. */
function bodiesOf({ request, devices: all }: Side, from: number, many: number): Buffer[] {
  return Array.from({ length: many }, (_, place) => {
    const certificate = from + place;
    const share = ((Math.imul(certificate, 0x9e37_79b1) >>> 0) + 0.5) / 2 ** 32;
    return (request as RequestMaker)(Math.floor(share * all), certificate);
  });
}

async function measure(side: Side, row: keyof Side['cpu'], bodies: readonly Buffer[]): Promise<void> {
  const server = side.server as BenchServer;
  const workerPid = async (): Promise<number | undefined> => (await server.status()).workers[0]?.pid;
  const worker = await workerPid();
  const before = cpuMicros(server.pid);
  failed += await side.client.run(bodies, bodies.length, parallel);
  const micros = (cpuMicros(server.pid) - before) / bodies.length;
  // A worker that was replaced (a machine so busy that it seemed to hang) took its time with it: no sample.
  const same = (await workerPid()) === worker;
  if (!same) replaced += 1;
  side.cpu[row].push(same ? micros : Number.NaN);
}

function valid(values: readonly number[]): number[] {
  return values.filter((value) => !Number.isNaN(value));
}

/** Something changes that no request is about: nothing that was read before counts any more. */
function change(side: Side): void {
  const store = openStore({ path: join(side.folder, 'state.db'), mode: 'read_write', now });
  const device = { tenant: 'default', deviceId: deviceId(0), status: 'active' as const };
  setStatus(store, { ...device, actor: 'bench', why: 'bench', now: Date.now() });
  store.close();
}

/** What was asked is what was meant: an allow, and a denial of a certificate that is on its issuer's list. */
async function check(side: Side): Promise<void> {
  const good = readAnswer(await side.client.call(bodiesOf(side, 0, 1)[0] as Buffer));
  if (!good.allowed) throw new Error(`${side.name}: denied with ${good.reason}`);
  const listed = await requestMaker(pki, revokedFamily, now);
  for (let issuer = 0; issuer < issuers; issuer += 1) {
    const { reason } = readAnswer(await side.client.call(listed(1, issuer)));
    if (reason !== 'revocation.revoked')
      throw new Error(`${side.name}: ${reason} instead of revocation.revoked`);
  }
}

try {
  const sides = [
    await prepare('large', devices, revoked, 1),
    await prepare('small', thousand, thousand, 2),
  ] as const;
  const [large, small] = sides;
  const pinned = pinToSecondCore();
  await startAll(sides);
  for (const side of sides) await check(side);
  say('state: warming up');
  for (const side of sides) await side.client.run(bodiesOf(side, 1_000_000_000, 3000), 3000, parallel);
  const memory: Record<Side['name'], number[]> = { large: [], small: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? sides : sides.toReversed();
    for (const side of order) {
      const bodies = bodiesOf(side, round * perRound, perRound);
      await measure(side, 'unseen', bodies);
      change(side);
      await measure(side, 'changed', bodies.slice(-known));
      await measure(side, 'warm', bodies.slice(-known));
      const processes = anonymousMb((side.server as BenchServer).pid);
      memory[side.name] = processes.map((mb, place) => Math.max(mb, memory[side.name][place] ?? 0));
    }
    const last = (side: Side): string =>
      `${side.name} ${Object.values(side.cpu)
        .map((all) => (all.at(-1) as number).toFixed(0))
        .join('/')} µs`;
    say(`state: round ${round + 1}/${rounds}: ${sides.map(last).join(', ')}`);
  }
  const ratio = (row: keyof Side['cpu']): number =>
    rounded(median(valid(large.cpu[row].map((value, place) => value / (small.cpu[row][place] as number)))));
  const figures = {
    pinned,
    devices,
    revoked,
    crls: issuers,
    distinct_devices: new Set(
      Array.from({ length: rounds * perRound }, (_, certificate) =>
        Math.floor((((Math.imul(certificate, 0x9e37_79b1) >>> 0) + 0.5) / 2 ** 32) * devices),
      ),
    ).size,
    rounds,
    calls_a_round: { unseen: perRound, changed: Math.min(perRound, known) },
    failed_calls: failed,
    samples_without_worker: replaced,
    store_mb: Math.round(statSync(join(large.folder, 'state.db')).size / 1e6),
    cpu_us_per_call: Object.fromEntries(
      sides.map(({ name, cpu }) => [
        name,
        Object.fromEntries(rowNames.map((row) => [row, rounded(median(valid(cpu[row])), 1)])),
      ]),
    ),
    ratio_to_small: { unseen: ratio('unseen'), changed: ratio('changed'), warm: ratio('warm') },
    anonymous_mb: memory,
    ready_ms: Object.fromEntries(
      sides.map(({ name, readyMs }) => [
        name,
        { median: rounded(median(readyMs), 0), all: readyMs.map((ms) => rounded(ms, 0)) },
      ]),
    ),
    goals,
  };
  const missed = [
    ...rowNames.filter((row) => !(figures.ratio_to_small[row] <= goals.ratio)),
    ...(Math.max(...memory.large) > goals.anonymous_mb ? ['anonymous_mb'] : []),
    ...(median(large.readyMs) > goals.ready_ms ? ['ready_ms'] : []),
    ...(failed > 0 ? ['failed_calls'] : []),
  ];
  const sizes = `--devices ${devices} --revoked ${revoked} --issuers ${issuers} --distinct ${distinct} --rounds ${rounds}`;
  publish('state', `node bench/scale/state.ts ${sizes}`, figures, missed);
} finally {
  for (const side of running) {
    side.client.close();
    await side.server?.stop();
  }
  rmSync(folder, { recursive: true, force: true });
}
