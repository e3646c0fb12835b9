import test from 'ava';
import type { WorkerEnd } from '../../src/audit/acts.ts';
import { loadConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { readMaterial } from '../../src/server/material.ts';
import { WorkerSlot } from '../../src/server/worker/worker-slot.ts';
import { forServer, until } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';

test('a worker that ends while others are still starting is started again, and its end is told', async (t) => {
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
  await slot.start();
  const { pid } = slot.view();
  const at = slot.addresses;
  process.kill(Number(pid), 'SIGKILL');
  await until(() => slot.view().restarts === 1 && slot.view().ready);
  t.not(slot.view().pid, pid);
  t.deepEqual(slot.addresses, at);
  t.like(ends, [{ worker: 0, pid, how: 'signal', signal: 'SIGKILL', may_have_been_deciding: true }]);
});
