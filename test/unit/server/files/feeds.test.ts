import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Config } from '../../../../src/config/types.ts';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import { createRevocationReader } from '../../../../src/revocation/reader.ts';
import { handBytes, inlineBytes } from '../../../../src/server/helpers/apply-crl-file.ts';
import { fileStates } from '../../../../src/server/files/file-states.ts';
import { openStoreHand, type StoreHand } from '../../../../src/server/helpers/store-hand.ts';
import { startFeeds, type FeedOptions, type Feeds } from '../../../../src/server/files/feeds.ts';
import { memoriesOf } from '../../../../src/store/epoch-memory.ts';
import { crlOf, fleet, minute, now, temporaryFolder, temporaryStore } from '../../../helpers/crl-fixtures.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';

const { root, ca } = await fleet();
const large = (number: number): Promise<Uint8Array> =>
  crlOf(ca, {
    number,
    revoked: Array.from({ length: 60_000 }, (_, at) => ({
      serial: (0x10000 + at).toString(16),
      at: now - minute,
    })),
  });

/** A watched folder of CRLs over a store. */
function watched(t: ExecutionContext): FeedOptions & { readonly file: string } {
  const folder = temporaryFolder(t);
  const crls = join(folder, 'crls');
  mkdirSync(crls);
  const config = {
    revocation: { crls: [crls], poll: 3_600_000, max_crl_bytes: 2 ** 30 },
    limits: { max_lockout: '1%' },
    audit: { path: join(folder, 'log') },
  } as unknown as Config;
  const ending = new AbortController();
  t.teardown(() => ending.abort());
  return {
    store: temporaryStore(t),
    clock: fakeClock(now),
    config: () => config,
    issuers: () => [root, ca].map(({ der }) => parseCertificate(der)),
    log: () => undefined,
    signal: ending.signal,
    file: join(crls, 'list.crl'),
  };
}

async function start(t: ExecutionContext, options: FeedOptions): Promise<Feeds> {
  const feeds = await startFeeds(options);
  t.teardown(() => feeds.stop());
  return feeds;
}

const numbers = ({ store }: FeedOptions) =>
  createRevocationReader(store)
    .crls()
    .map((crl) => crl.number);

test('a start waits for a large CRL of which nothing is in force, and for no later one of the same file', async (t) => {
  const options = watched(t);
  writeFileSync(options.file, await large(1));
  t.true(statSync(options.file).size > inlineBytes);
  (await start(t, options)).stop();
  t.deepEqual(numbers(options), ['01']);
  writeFileSync(options.file, await large(2));
  const feeds = await start(t, options);
  t.deepEqual(numbers(options), ['01'], 'it goes on with what is in force');
  while (numbers(options)[0] !== '02') await sleep(20);
  while (!feeds.sources()[0]?.last_success) await sleep(20);
  t.is(feeds.sources()[0]?.error, null);
});

test('reading everything again, however often, leaves no reader behind', async (t) => {
  const options = watched(t);
  writeFileSync(options.file, await crlOf(ca, { number: 1 }));
  const feeds = await start(t, options);
  const before = memoriesOf(options.store).length;
  for (let times = 0; times < 3; times += 1) await feeds.refresh();
  t.is(memoriesOf(options.store).length, before);
});

test('a small CRL is in force once the start is done', async (t) => {
  const options = watched(t);
  for (const number of [1, 2]) {
    writeFileSync(options.file, await crlOf(ca, { number }));
    await start(t, options);
    t.deepEqual(numbers(options), [`0${number}`]);
  }
});

test('what came of a file is in the store, for commands, until the file goes', async (t) => {
  const options = watched(t);
  const told = () =>
    fileStates(options.store).map(({ name, failures, error }) => [name, failures, error?.code]);
  writeFileSync(options.file, await crlOf(ca, { number: 2 }));
  const feeds = await start(t, options);
  t.deepEqual(told(), [[options.file, 0, undefined]]);
  writeFileSync(options.file, await crlOf(ca, { number: 1 }));
  await feeds.refresh();
  const [[name, failures, code] = []] = told();
  t.deepEqual([name, code], [options.file, 'PDP_CRL_REFUSED']);
  t.true(Number(failures) > 0);
  rmSync(options.file);
  await feeds.refresh();
  t.deepEqual(told(), []);
});

test('a large file that is refused is tried again less often than a small one', async (t) => {
  const options = watched(t);
  const next = (feeds: Feeds) => Date.parse(feeds.sources()[0]?.next_fetch ?? '') - now;
  writeFileSync(options.file, Buffer.alloc(100));
  t.is(next(await start(t, options)), minute);
  writeFileSync(options.file, Buffer.alloc(inlineBytes + 1));
  t.is(next(await start(t, options)), 10 * minute);
});

test('once decisions are made, a CRL of some size is imported by the hand, and a very small one at once', async (t) => {
  const options = watched(t);
  const hand = openStoreHand({ storePath: options.store.path, log: () => undefined });
  t.teardown(() => hand.stop());
  let works = 0;
  const counting: StoreHand = {
    do: (work) => {
      works += 1;
      return hand.do(work);
    },
  };
  let deciding = false;
  const some = (number: number, entries: number): Promise<Uint8Array> =>
    crlOf(ca, {
      number,
      revoked: Array.from({ length: entries }, (_, at) => ({
        serial: (0x10000 + at).toString(16),
        at: now - minute,
      })),
    });
  writeFileSync(options.file, await some(1, 1000));
  t.true(statSync(options.file).size > handBytes);
  const feeds = await start(t, { ...options, hand: () => (deciding ? counting : undefined) });
  t.deepEqual([numbers(options), works], [['01'], 0]);
  deciding = true;
  writeFileSync(options.file, await some(2, 1001));
  await feeds.refresh();
  t.deepEqual([numbers(options), works > 0], [['02'], true]);
  const before = works;
  writeFileSync(options.file, await some(3, 10));
  await feeds.refresh();
  t.deepEqual([numbers(options), works], [['03'], before]);
});
