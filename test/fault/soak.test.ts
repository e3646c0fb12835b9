import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { circumstances, median, rounded, save } from '../../bench/scale/figures.ts';
import { changed } from '../helpers/bundles.ts';
import { peakMb } from '../helpers/memory.ts';
import { forServer, startServer } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import {
  churnedRows,
  denials,
  makeAsking,
  revokedSerials,
  rowsOf,
  seldomShare,
} from '../helpers/soak/asking.ts';
import type { Asking, Sizes } from '../helpers/soak/asking.ts';
import { lookAtRest } from '../helpers/soak/at-rest.ts';
import type { AtRest, Held } from '../helpers/soak/at-rest.ts';
import { watchServer } from '../helpers/soak/watch.ts';
import { root } from '../helpers/source-files.ts';
import { judgeCheck, storm } from '../helpers/storm.ts';
import type { Prepared } from '../helpers/storm.ts';
import { hour, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const factor = Number(process.env.SOAK_FACTOR ?? 1);
/** Seconds of load; half an hour with `make soak`. */
const length = factor > 1 ? 36 * factor : 8;
/** Long enough for what is kept to be full, and for what grows slowly to show. */
const long = factor >= 10;
/** Figures go to bench/results where that is asked for, of a long run only. */
const publishes = long && process.env.SOAK_RESULTS !== undefined;

/** More certificates and devices than are remembered: 20,000 (or 44 MiB) and 10,000. */
const sizes: Sizes = long
  ? { devices: 25_000, often: 1000, churned: 500, denied: 50 }
  : { devices: 300, often: 50, churned: 100, denied: 10 };
const mostRemembered = 10_000;

/** In between nobody asks, and it is looked what is left. */
const roundS = Math.max(2, length / 30);
const rounds = Math.round(length / roundS);
/** What is kept has its size by then, and heaps have grown to theirs. */
const warm = Math.ceil(rounds / 3);

/**
 * How much more there may be at the end, of what a process holds at rest. Of memory the engine has some in reserve, which
 * comes and goes by 16 MiB at once; what objects take hardly moves, but that the parent remembers up to 100,000 keys.
 */
const room = { mib: long ? 32 : 40, files: 2, threads: 2, resources: 2 };
const roomOf: Readonly<Record<'worker' | 'parent', Readonly<Record<keyof Held, number>>>> = {
  worker: { ...room, live: long ? 8 : 3 },
  parent: { ...room, live: long ? 16 : 3 },
};
/** Between two changes (ms): the short version is to have several as well. */
const everyMs = long ? 1000 : 500;
/** The policy has 5. */
const mostPages = 16;
/** Memory of its own (MB), garbage and all; the long version fills everything that is remembered. */
const mostMb = { worker: long ? 350 : peakMb, parent: 350 };
/** 99th percentile of the event loop's delay (ms): the goal, and where others use the machine as well. */
const mostDelayMs = long ? 20 : 500;

/** Devices, CRLs and the policy change, over and over, until it is told to stop. Answers how often. */
async function churn(world: World, bundle: string, quietMs: number, ended: AbortSignal): Promise<number> {
  const shipped = readFileSync(join(root, 'rego/bundle/portreeve.tar.gz'));
  const standing = revokedSerials(sizes);
  let turn = 0;
  for (; !ended.aborted; turn += 1) {
    await world.importDevices(churnedRows(sizes, turn, 50));
    const serials = [...standing, (0x7000_0000 + turn).toString(16)];
    const revoked = serials.map((serial) => ({ serial, at: Date.now() - hour }));
    await world.importCrl(turn % 2 === 0 ? 'meters' : 'fleet', { revoked });
    if (turn % 3 === 0) {
      writeFileSync(`${bundle}.new`, changed(shipped, { revision: `turn-${turn}` }));
      renameSync(`${bundle}.new`, bundle);
    }
    // A change makes most of what is kept void: in the long version it is now and then left to fill up.
    const waits = long && turn % 60 === 59 ? quietMs : everyMs;
    await pause(waits, undefined, { signal: ended }).catch(() => undefined);
  }
  return turn;
}

/** Ends the server, and answers what its worker noted: the 99th percentile of its event loop's delay (ms). */
async function loopDelayOf(server: Server, worker: number, folder: string): Promise<number> {
  await server.stop();
  return Number(readFileSync(join(folder, String(worker)), 'utf8'));
}

/** What was asked and answered, over all rounds. */
interface Told {
  wanted: number;
  /** Certificates that nobody had seen. */
  unseen: number;
  /** By first reason. */
  readonly answers: Record<string, number>;
  readonly expected: Record<string, number>;
  /** Neither allowed nor denied, by fate. */
  readonly others: Record<string, number>;
}

const add = (to: Record<string, number>, name: string, count: number): void => {
  if (count > 0) to[name] = (to[name] ?? 0) + count;
};

function load(address: string) {
  const fixed = { address, judge: judgeCheck, timeoutMs: 5000, mostPending: 200, inOrder: true };
  const connections = (requests: readonly Prepared[]) =>
    [0, 1].map((which) => ({ requests: requests.filter((_, index) => index % 2 === which) }));
  return {
    /** Half of what can be answered in a second. */
    half: async (asking: Asking): Promise<number> => {
      const seconds = long ? 20 : 2;
      const { requests } = asking.next(4000 * seconds);
      const perSecond = { parallel: 16 };
      const { fates } = await storm({ ...fixed, connections: connections(requests), perSecond, seconds });
      return Math.floor((fates.allowed + fates.denied) / seconds / 2);
    },
    round: async (asking: Asking, perSecond: number, told: Told): Promise<void> => {
      const { requests, of } = asking.next(Math.ceil(perSecond * roundS) + 2);
      const asked = { ...fixed, connections: connections(requests), perSecond, seconds: roundS };
      const { wanted, fates, reasons } = await storm(asked);
      const expected = of(wanted);
      told.wanted += wanted;
      told.unseen += expected.unseen;
      for (const [reason, count] of expected.reasons) add(told.expected, reason, count);
      const { allowed, denied: _, ...others } = fates;
      add(told.answers, 'policy.ok', allowed);
      for (const [reason, count] of Object.entries(reasons)) add(told.answers, reason, count);
      for (const [fate, count] of Object.entries(others)) add(told.others, fate, count);
    },
  };
}

/** By how much the medians of the first and of the last third differ. */
function growthOf(rests: readonly AtRest[], value: (rest: AtRest) => number): number {
  const third = Math.max(1, Math.floor(rests.length / 3));
  return rounded(median(rests.slice(-third).map(value)) - median(rests.slice(0, third).map(value)));
}

const heldOf = (value: (name: keyof Held) => number): Readonly<Record<keyof Held, number>> => ({
  ...{
    mib: value('mib'),
    live: value('live'),
    files: value('files'),
    threads: value('threads'),
    resources: value('resources'),
  },
});

/** Every request was answered as it must be, but for some that a busy machine had no time for. */
function checkAnswers(t: ExecutionContext, { wanted, answers, expected, others }: Told): void {
  t.is((others['failed'] ?? 0) + (others['lost'] ?? 0), 0, JSON.stringify(others));
  t.deepEqual(Object.keys(answers).sort(), ['policy.ok', ...denials].sort());
  // Who had no answer is the only reason for less.
  for (const [reason, count] of Object.entries(answers)) t.true(count <= (expected[reason] ?? 0), reason);
  const answered = Object.values(answers).reduce((sum, count) => sum + count, 0);
  t.true(answered >= 0.95 * wanted, JSON.stringify({ wanted, answers, others }));
}

test(`at half load, with devices, CRLs and policies changing all the time, nothing grows (${length} s)`, async (t) => {
  t.timeout((2 * length + 180) * 1000);
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-soak-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const bundle = join(folder, 'policy.tar.gz');
  writeFileSync(bundle, readFileSync(join(root, 'rego/bundle/portreeve.tar.gz')));
  const now = Date.now();
  const revoked = revokedSerials(sizes).map((serial) => ({ serial, at: now - hour }));
  const world = await makeWorld({
    now,
    devices: rowsOf(sizes),
    crls: { meters: { revoked } },
    configure: forServer((document) => {
      const { anchors } = document.trust as { anchors: { profile: object }[] };
      for (const anchor of anchors.slice(0, 1)) anchor.profile = { kind: 'cn' };
      document.policy = { bundle };
      // Half an hour makes some 40 GB: the oldest go meanwhile.
      document.audit = { path: 'audit/log', max_bytes: 2_000_000_000 };
    }),
  });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile, {
    env: { LOOP_DELAY_FOLDER: folder, RESOURCES_FOLDER: folder },
    preload: ['note-loop-delay', 'note-resources'].map((name) =>
      join(import.meta.dirname, `../helpers/${name}.ts`),
    ),
    decisions: false,
  });
  const before = await server.status();
  const worker = before.workers[0]?.pid ?? 0;
  const asking = await makeAsking(world.pki.meters, sizes, now);
  const { half, round } = load(server.address('local'));
  const perSecond = await half(asking);

  const ended = new AbortController();
  // So long that more devices are asked about than are remembered, and half as long again.
  const quietMs = (1500 * mostRemembered) / (perSecond * seldomShare);
  const changes = churn(world, bundle, quietMs, ended.signal);
  const watch = watchServer(server, worker, 200);
  const told: Told = { wanted: 0, unseen: 0, answers: {}, expected: {}, others: {} };
  const rests: AtRest[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    await round(asking, perSecond, told);
    if (number >= warm) rests.push(await lookAtRest(server.pid, worker, folder));
  }
  watch.stop();
  ended.abort();
  const turns = await changes;
  const after = await server.status();
  const delayMs = await loopDelayOf(server, worker, folder);

  const most = watch.most();
  const grown = {
    worker: heldOf((name) => growthOf(rests, ({ worker: held }) => held[name])),
    parent: heldOf((name) => growthOf(rests, ({ parent }) => parent[name])),
    processes: growthOf(rests, ({ processes }) => processes),
  };
  const limits = [
    ...(['worker', 'parent'] as const).flatMap((who) =>
      Object.entries(roomOf[who]).map(([name, more]) => {
        return [`grown.${who}.${name}`, grown[who][name as keyof Held], more] as const;
      }),
    ),
    ['grown.processes', grown.processes, 0],
    ['most.worker_mb', most.worker_mb, mostMb.worker],
    ['most.parent_mb', most.parent_mb, mostMb.parent],
    ['most.wasm_pages', most.wasm_pages, mostPages],
    ['loop_delay_p99_ms', delayMs, mostDelayMs],
  ] as const;
  const allowed = told.answers['policy.ok'] ?? 0;
  const answered = Object.values(told.answers).reduce((sum, count) => sum + count, 0);
  const figures = {
    ...{ seconds: length, per_second: perSecond, wanted: told.wanted, allowed, denied: answered - allowed },
    ...{
      answers: told.answers,
      unanswered: told.others,
      certificates: sizes.devices,
      unseen: told.unseen,
      changes: turns,
    },
    ...{ grown, at_rest: { first: rests[0], last: rests.at(-1) }, most, loop_delay_p99_ms: delayMs },
  };
  if (publishes) {
    const command = `SOAK_FACTOR=${factor} SOAK_RESULTS=1 npx ava test/fault/soak.test.ts`;
    const missed = limits.filter(([, value, limit]) => !(value <= limit)).map(([name]) => name);
    save('soak', { command, ...circumstances(), ...figures, missed });
  }
  t.log(JSON.stringify(figures));
  for (const [name, value, limit] of limits) t.true(value <= limit, `${name}: ${value}, at most ${limit}`);
  checkAnswers(t, told);
  t.is(after.workers[0]?.pid, worker);
  t.is(after.workers[0]?.restarts, 0);
  t.true(turns > length / 8);
  t.is(after.bundle.error, null);
  t.not(after.bundle.digest, before.bundle.digest, 'the policy was exchanged');
  t.true(watch.looks() > length, `${watch.looks()} looks`);
  for (const name of ['credentials', 'devices', 'revocations', 'verdicts'])
    t.true((most.kept[name]?.hits ?? 0) > 0, `something was found in ${name}`);
  t.true((most.kept['credentials']?.misses ?? 0) >= told.unseen, 'certificates that were never seen');
  if (!long) return;
  for (const name of ['credentials', 'verdicts'])
    t.true((most.kept[name]?.evictions ?? 0) > 0, `${name} were full`);
  for (const name of ['devices', 'revocations'])
    t.true((most.kept[name]?.entries ?? 0) > 0.8 * mostRemembered, `${name} were full`);
});
