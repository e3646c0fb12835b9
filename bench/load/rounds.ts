import { setTimeout as pause } from 'node:timers/promises';
import { paths } from './answers.ts';
import type { Bodies, BodyMaker } from './bodies.ts';
import { cpuMicros, ownCpuMicros } from './cpu-time.ts';
import type { Contestant } from './ours.ts';
import { freeze, workersOf } from './processes.ts';
import { wrongOf, type Row } from './rows.ts';

/** One row's measurements, one of each round. */
export interface Samples {
  readonly row: Row;
  /** µs of CPU a decision, of all processes of the server. */
  readonly cpu: number[];
  /** µs of CPU of each worker for each decision that it made itself (none of peers). */
  readonly workers: number[][];
  readonly decisions: number;
  failed: number;
}

const parallel = 32;
/** Records and spans leave after the answers: time for that belongs to them. */
const settleMs = 600;
/**
 * Share of a round's calls that are asked before it is measured: a server that had nothing to do while the others were
 * asked has given memory back, and its first thousand answers pay for having it again.
 */
const leadIn = 1 / 8;

export interface Measuring {
  readonly maker: BodyMaker;
  readonly contestants: ReadonlyMap<string, Contestant>;
  /** Decisions of a whole row in one round. */
  readonly calls: number;
}

export function samplesOf(row: Row, { calls }: Measuring): Samples {
  const decisions = row.decisions * Math.max(1, Math.round(calls * row.share));
  return { row, cpu: [], workers: [], decisions, failed: 0 };
}

/** Asks what a row is about at least so often, and throws the figures away. */
export async function warmUp(row: Row, measuring: Measuring, least: number): Promise<void> {
  const { decisions } = samplesOf(row, measuring);
  for (let done = 0; done < least; done += decisions)
    await ask(row, measuring, decisions, bodiesOf(row, measuring, decisions));
}

/** One round of one row. */
export async function measure(samples: Samples, measuring: Measuring): Promise<void> {
  const { row, decisions } = samples;
  const { client, running } = serverOf(row, measuring);
  const { pid } = running;
  onlyOne(row.server, measuring);
  await warmUp(row, { ...measuring, calls: measuring.calls * leadIn }, 1);
  const bodies = bodiesOf(row, measuring, decisions);
  const workers = workersOf(pid);
  const own = workers.map(ownCpuMicros);
  const sent = client.sent;
  const before = cpuMicros(pid);
  samples.failed += await ask(row, measuring, decisions, bodies);
  await pause(settleMs);
  samples.cpu.push((cpuMicros(pid) - before) / decisions);
  // Workers listen in the order in which they were started, each at an address of its own.
  const made = client.sent.map((calls, place) => row.decisions * (calls - (sent[place] as number)));
  const each = workers.map(
    (worker, place) => (ownCpuMicros(worker) - (own[place] as number)) / (made[place] ?? Number.NaN),
  );
  samples.workers.push(each);
}

/** Freezes all servers but one: what the others do later of what they were asked before takes neither its turn nor its caches. */
function onlyOne(server: string, { contestants }: Measuring): void {
  for (const [name, { running }] of contestants) freeze(running.pid, name !== server);
}

/** Lets all servers go on. */
export function thaw(contestants: Measuring['contestants']): void {
  for (const { running } of contestants.values()) freeze(running.pid, false);
}

/** All requests of so many decisions, made before any clock starts. */
export function bodiesOf(row: Row, { maker }: Measuring, decisions: number): Bodies {
  return row.bodies(maker, decisions / row.decisions);
}

/** Asks for so many decisions; answers how many failed or were wrong. */
export function ask(row: Row, measuring: Measuring, decisions: number, bodies: Bodies): Promise<number> {
  const { client } = serverOf(row, measuring);
  const asking = { path: paths[row.door], wrong: wrongOf(row) };
  // Enough to keep a server busy, and no more than there are calls.
  const lanes = row.decisions > 1 ? 4 : parallel;
  return client.run(bodies, decisions / row.decisions, lanes, asking);
}

function serverOf(row: Row, { contestants }: Measuring): Contestant {
  const server = contestants.get(row.server);
  if (!server) throw new Error(`${row.server} does not take part`);
  return server;
}
