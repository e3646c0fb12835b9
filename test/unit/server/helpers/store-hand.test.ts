import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Config } from '../../../../src/config/types.ts';
import { readBundleFile } from '../../../../src/policy/bundle.ts';
import { createRevocationReader } from '../../../../src/revocation/reader.ts';
import {
  openStoreHand,
  type HandWork,
  type OpenHand,
  type StoreHand,
} from '../../../../src/server/helpers/store-hand.ts';
import { startHousekeeping } from '../../../../src/server/housekeeping.ts';
import { beginGeneration, retireGeneration } from '../../../../src/store/generation.ts';
import { isSweepDue } from '../../../../src/store/sweep.ts';
import type { Store } from '../../../../src/store/types.ts';
import { endlessModule, replaced } from '../../../helpers/bundles.ts';
import { crlOf, fleet, minute, now, temporaryFolder, temporaryStore } from '../../../helpers/crl-fixtures.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';

const { root, ca } = await fleet();
const issuers = [root, ca].map(({ der }) => der);

interface Held {
  readonly hand: OpenHand;
  readonly store: Store;
  readonly printed: string[];
}

function held(t: ExecutionContext, entry?: string): Held {
  const store = temporaryStore(t);
  const printed: string[] = [];
  const hand = openStoreHand({
    storePath: store.path,
    log: (line) => printed.push(line),
    ...(entry && { entry }),
  });
  t.teardown(() => hand.stop());
  return { hand, store, printed };
}

/** A list of some hundred entries that is to come into force. */
async function listed(t: ExecutionContext, number: number): Promise<Extract<HandWork, { is: 'crls' }>> {
  const folder = temporaryFolder(t);
  const path = join(folder, 'list.crl');
  const revoked = Array.from({ length: 500 }, (_, index) => ({
    serial: (0x10000 + index).toString(16),
    at: now - minute,
  }));
  writeFileSync(path, await crlOf(ca, { number, revoked }));
  const job = {
    ...{ path, name: 'list.crl', maxBytes: 2 ** 30, now, actor: 'server', why: 'test' },
    ...{ keptFolder: null, dryRun: false },
  };
  return { is: 'crls', job, issuers };
}

const numberOf = (store: Store) =>
  createRevocationReader(store)
    .crls()
    .map(({ number }) => number);

/** A process that does something else. */
function impostor(t: ExecutionContext, code: string): string {
  const path = join(temporaryFolder(t), 'hand.mjs');
  writeFileSync(path, code);
  return path;
}

test('work is done one after the other in a process of its own, and is there when it is told', async (t) => {
  const { hand, store, printed } = held(t);
  const [one, two] = [await listed(t, 1), await listed(t, 2)];
  const [first, second] = await Promise.all([hand.do(one), hand.do(two)]);
  t.like(first[0], { done: { changed: true, added: 500 } });
  t.like(second[0], { done: { changed: true, added: 0 } });
  t.deepEqual(numberOf(store), ['02']);
  t.deepEqual(printed, []);
});

test('what the work throws is thrown here, and the next work is done', async (t) => {
  const { hand, store } = held(t);
  const work = await listed(t, 3);
  const absent = { ...work, job: { ...work.job, path: join(work.job.path, 'absent') } };
  await t.throwsAsync(hand.do(absent), { code: 'PDP_CRL_INVALID' });
  await hand.do(work);
  t.deepEqual(numberOf(store), ['03']);
});

test('a process that ends or hangs leaves no work without an answer, and the next work has another one', async (t) => {
  const ends = held(t, impostor(t, `process.once('message', () => process.exit(3));`));
  const work = await listed(t, 4);
  const both = await Promise.allSettled([ends.hand.do(work), ends.hand.do(work)]);
  t.true(both.every(({ status }) => status === 'rejected'));
  await t.throwsAsync(ends.hand.do(work), { code: 'PDP_CHANNEL_BROKEN', message: /exit code 3.*stays/ });
  const hangs = openStoreHand({
    ...{ storePath: ends.store.path, log: () => undefined, silenceMs: 500 },
    entry: impostor(t, `process.on('message', () => undefined);`),
  });
  await t.throwsAsync(hangs.do(work), { code: 'PDP_CHANNEL_BROKEN', message: /told nothing for 500 ms/ });
});

test('after its stop it takes no work, and what was under way is told to be unfinished', async (t) => {
  const { hand } = held(t, impostor(t, `process.on('message', () => undefined);`));
  const work = await listed(t, 5);
  const under = hand.do(work);
  hand.stop();
  await t.throwsAsync(under, { code: 'PDP_CHANNEL_BROKEN', message: /stopped/ });
  await t.throwsAsync(hand.do(work), { code: 'PDP_CHANNEL_BROKEN' });
});

test('it begins before it is asked, and one process does all there is', async (t) => {
  const pids = `process.on('message', ({ id }) => process.send({ id, is: 'done', result: process.pid }));
    process.send({ is: 'printed', line: 'begun' });`;
  const { hand, printed } = held(t, impostor(t, pids));
  hand.begin(1);
  while (printed.length === 0) await sleep(20);
  const work = await listed(t, 6);
  t.is(Number(await hand.do(work)), Number(await hand.do(work)));
  t.deepEqual(printed, ['begun']);
});

test('large files and trials of bundles have processes of their own, for which no other work waits', async (t) => {
  const { hand, store } = held(t);
  const [small, large] = [await listed(t, 8), await listed(t, 9)];
  const trial = (bytes: Uint8Array, self_test_timeout: number) => {
    const policy = { self_test_timeout, compat: null };
    return hand.do({ is: 'trial', config: { policy, classes: {} } as unknown as Config, bytes });
  };
  const whole = readBundleFile(null);
  const ended: string[] = [];
  const ends = (name: string) => () => void ended.push(name);
  // However busy the machine is: one trial ends by being killed, and that is not before the small file is done.
  const endless = trial(replaced(whole, { 'policy.wasm': endlessModule }), 5_000);
  await Promise.all([
    t.throwsAsync(endless, { code: 'PDP_BUNDLE_INVALID' }).then(ends('endless')),
    hand.do(small).then(ends('small')),
    t.notThrowsAsync(trial(whole, 60_000)),
    t.throwsAsync(trial(Buffer.from('no bundle'), 60_000), { code: 'PDP_BUNDLE_INVALID' }),
  ]);
  t.deepEqual(ended, ['small', 'endless']);
  t.like((await hand.do({ ...large, is: 'large_crls' }))[0], { done: { changed: true } });
  t.deepEqual(numberOf(store), ['09']);
});

test('a process that only waits for others is not taken for one that hangs', async (t) => {
  const alive = `process.on('message', ({ id }) => {
    const timer = setInterval(() => process.send({ is: 'alive' }), 100);
    setTimeout(() => (clearInterval(timer), process.send({ id, is: 'done', result: [] })), 1500);
  });`;
  const hand = openStoreHand({
    ...{ storePath: '', log: () => undefined, silenceMs: 1000 },
    entry: impostor(t, alive),
  });
  t.teardown(() => hand.stop());
  t.deepEqual(await hand.do(await listed(t, 7)), []);
});

test('what an import has left behind is swept by the hand, and it is not asked where nothing is left', async (t) => {
  const { hand, store } = held(t);
  let asked = 0;
  const counting: StoreHand = {
    do: (work) => {
      asked += 1;
      return hand.do(work);
    },
  };
  const log: string[] = [];
  const stop = startHousekeeping({
    ...{ store, hand: counting, clock: fakeClock(now), everyMs: 20 },
    log: (line) => log.push(line),
  });
  t.teardown(stop);
  await sleep(100);
  t.is(asked, 0);
  retireGeneration(store, beginGeneration(store, 'crl', now));
  t.true(isSweepDue(store));
  while (isSweepDue(store)) await sleep(20);
  t.is(asked, 1);
  t.deepEqual(log, []);
});
