import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { WorkerEnd } from '../../src/audit/acts.ts';
import { loadConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { readMaterial } from '../../src/server/material.ts';
import { forkWorker } from '../../src/server/worker/worker-process.ts';
import { WorkerSlot } from '../../src/server/worker/worker-slot.ts';
import { forServer, until } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';

interface InSlot {
  readonly slot: WorkerSlot;
  /** What is told of ends. */
  readonly ends: readonly WorkerEnd[];
  readonly log: readonly string[];
  /** Lets time pass as the slot sees it (ms). */
  readonly passes: (ms: number) => void;
}

/** A slot for one worker. */
async function slotIn(t: ExecutionContext): Promise<InSlot> {
  const world = await makeWorld({ now: Date.now(), configure: forServer() });
  t.teardown(world.close);
  const config = loadConfig(world.configFile, Date.now());
  const inForce = { config, material: await readMaterial(config) };
  const pool = { started: false, ending: false, addresses: () => [] };
  const ends: WorkerEnd[] = [];
  const log: string[] = [];
  let passed = 0;
  const slot = new WorkerSlot(0, pool, {
    inForce: () => inForce,
    clock: { now: () => systemClock.now(), monotonic: () => systemClock.monotonic() + passed },
    otel: {},
    auditWritable: () => true,
    onRecords: (_records, written) => written(),
    onDecided: () => undefined,
    onMerged: () => undefined,
    time: () => ({ kept: 0, confirmed: 0 }),
    shared: () => [],
    onObserved: () => undefined,
    shadow: () => null,
    onShadow: (_batch, taken) => taken(),
    onRestart: () => undefined,
    onStarted: () => undefined,
    onEnded: (ended) => void ends.push(ended),
    onOcspWanted: () => undefined,
    log: (line) => void log.push(line),
  });
  t.teardown(() => {
    pool.ending = true;
    return slot.drain(0);
  });
  return { slot, ends, log, passes: (ms) => void (passed += ms) };
}

/** Whoever is forked from now on never decides, however long the test has to wait for its turn; until the answer is called. */
function startNothing(t: ExecutionContext): () => void {
  const flag = `--import=${pathToFileURL(join(import.meta.dirname, '../helpers/never-starts.ts')).href}`;
  process.execArgv.push(flag);
  const end = (): void => {
    const at = process.execArgv.indexOf(flag);
    if (at !== -1) process.execArgv.splice(at, 1);
  };
  t.teardown(end);
  return end;
}

test.serial(
  'a worker that ends while others are still starting is started again, and its end is told',
  async (t) => {
    const { slot, ends } = await slotIn(t);
    await slot.start();
    const { pid } = slot.view();
    const at = slot.addresses;
    process.kill(Number(pid), 'SIGKILL');
    await until(() => slot.view().restarts === 1 && slot.view().ready);
    t.not(slot.view().pid, pid);
    t.deepEqual(slot.addresses, at);
    t.like(ends, [{ worker: 0, pid, how: 'signal', signal: 'SIGKILL', may_have_been_deciding: true }]);
  },
);

const onLinux = process.platform === 'linux' ? test.serial : test.serial.skip;

onLinux(
  'a worker that is stopped before it decides is replaced after a second, as one that hangs',
  async (t) => {
    t.timeout(60_000);
    const { slot, ends } = await slotIn(t);
    await slot.start();
    const endNothing = startNothing(t);
    process.kill(Number(slot.view().pid), 'SIGKILL');
    await until(() => slot.view().restarts === 1 && slot.view().pid !== null);
    endNothing();
    const { pid } = slot.view();
    process.kill(Number(pid), 'SIGSTOP');
    await until(() => / T /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')));
    t.false(slot.view().ready);
    const now = systemClock.monotonic();
    for (let ms = 0; ms <= 1000; ms += 100) slot.killIfHung(now + ms);
    t.is(slot.view().pid, pid);
    slot.killIfHung(now + 1100);
    await until(() => slot.view().restarts === 2 && slot.view().ready);
    t.not(slot.view().pid, pid);
    t.like(ends[1], { worker: 0, pid, how: 'hung', signal: 'SIGKILL', may_have_been_deciding: false });
  },
);

test.serial(
  'workers that end before they decide are started again after pauses that grow, however long they lived',
  async (t) => {
    const { slot, log, passes } = await slotIn(t);
    await slot.start();
    startNothing(t);
    const ended = async (restarts: number, afterMs: number): Promise<string> => {
      await until(() => slot.view().pid !== null);
      passes(afterMs);
      process.kill(Number(slot.view().pid), 'SIGKILL');
      await until(() => slot.view().restarts === restarts);
      return log.at(-1) ?? '';
    };
    t.regex(await ended(1, 11_000), /starting it again$/, 'it had decided for long');
    t.regex(await ended(2, 11_000), /starting it again$/);
    t.regex(await ended(3, 11_000), /starting it again in 100 ms$/);
    t.regex(await ended(4, 0), /starting it again in 200 ms$/);
  },
);

test.serial(
  'a worker gives signs of life from its begin on, before it knows what it is to decide by',
  async (t) => {
    const signs: string[] = [];
    const worker = forkWorker(1, {
      message: ({ kind }) => void signs.push(kind),
      records: (_records, written) => written(),
      ended: () => undefined,
      printed: () => undefined,
    });
    t.teardown(() => worker.kill());
    await until(() => signs.length >= 3);
    t.deepEqual(signs.slice(0, 3), ['starting', 'starting', 'starting']);
  },
);
