import { readFileSync } from 'node:fs';
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

/** A slot for one worker, and what is told of its ends. */
async function slotIn(t: ExecutionContext): Promise<{ slot: WorkerSlot; ends: WorkerEnd[] }> {
  const world = await makeWorld({ now: Date.now(), configure: forServer() });
  t.teardown(world.close);
  const config = loadConfig(world.configFile, Date.now());
  const inForce = { config, material: await readMaterial(config) };
  const pool = { started: false, ending: false, addresses: () => [] };
  const ends: WorkerEnd[] = [];
  const slot = new WorkerSlot(0, pool, {
    inForce: () => inForce,
    clock: systemClock,
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
    log: () => undefined,
  });
  t.teardown(() => {
    pool.ending = true;
    return slot.drain(0);
  });
  return { slot, ends };
}

test('a worker that ends while others are still starting is started again, and its end is told', async (t) => {
  const { slot, ends } = await slotIn(t);
  await slot.start();
  const { pid } = slot.view();
  const at = slot.addresses;
  process.kill(Number(pid), 'SIGKILL');
  await until(() => slot.view().restarts === 1 && slot.view().ready);
  t.not(slot.view().pid, pid);
  t.deepEqual(slot.addresses, at);
  t.like(ends, [{ worker: 0, pid, how: 'signal', signal: 'SIGKILL', may_have_been_deciding: true }]);
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  'a worker that is stopped before it decides is replaced after a second, as one that hangs',
  async (t) => {
    t.timeout(60_000);
    const { slot, ends } = await slotIn(t);
    await slot.start();
    process.kill(Number(slot.view().pid), 'SIGKILL');
    await until(() => slot.view().restarts === 1 && slot.view().pid !== null);
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

test('a worker gives signs of life from its begin on, before it knows what it is to decide by', async (t) => {
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
});
