import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Log } from '../../../../src/audit/log/types.ts';
import { until } from '../../../helpers/server.ts';
import { assertComplete, sinkSite } from '../../../helpers/sinks.ts';
import type { Sent } from '../../../helpers/sinks.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';

function sentTo(path: string): Sent[] {
  const names = readdirSync(join(path, '..')).filter((name) => name.startsWith('records.ndjson'));
  return names.flatMap((name) =>
    readFileSync(join(path, '..', name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Sent),
  );
}

function cursorOf(folder: string): { next: number; last: string } {
  return JSON.parse(readFileSync(join(folder, 'sinks/siem.json'), 'utf8')) as { next: number; last: string };
}

test('a file gets each record once, as it stands in the log, with its index and hash', async (t) => {
  const site = await sinkSite(t);
  await site.grow(700);
  const file = join(temporaryFolder(t), 'records.ndjson');
  const sinks = site.start({ file });
  await site.caughtUp(sinks);
  await site.grow(3);
  await site.caughtUp(sinks);
  const sent = sentTo(file);
  t.is(assertComplete(t, sent, site.entries), 0);
  t.deepEqual(
    sent.map(({ record }) => record),
    site.entries.map((entry) => JSON.parse(entry) as unknown),
  );
  // The bytes too: what was sent can be held against its hash.
  t.true(readFileSync(file, 'utf8').split('\n')[699]?.endsWith(`"record":${site.entries[699]}}`));
  const [view] = sinks.views();
  t.like(view, {
    kind: 'file',
    name: 'siem',
    lag: 0,
    lag_s: 0,
    sent: 703,
    dropped: 0,
    failures: 0,
    error: null,
  });
});

test('a sink goes on where it was, over restarts', async (t) => {
  const site = await sinkSite(t);
  const file = join(temporaryFolder(t), 'records.ndjson');
  await site.grow(300);
  const first = site.start({ file });
  await site.caughtUp(first);
  await first.stop();
  t.is(cursorOf(site.folder).next, 300);
  await site.grow(300);
  const second = site.start({ file });
  await site.caughtUp(second);
  t.is(assertComplete(t, sentTo(file), site.entries), 0);
});

test('where its cursor was lost a sink begins anew: duplicates, and nothing missing', async (t) => {
  const site = await sinkSite(t);
  const file = join(temporaryFolder(t), 'records.ndjson');
  await site.grow(10);
  const first = site.start({ file });
  await site.caughtUp(first);
  await first.stop();
  writeFileSync(join(site.folder, 'sinks/siem.json'), '{"next":');
  const second = site.start({ file });
  await site.caughtUp(second);
  t.is(assertComplete(t, sentTo(file), site.entries), 10);
});

test('where its cursor was lost a sink begins with the oldest, also one that began with the newest', async (t) => {
  const site = await sinkSite(t);
  const file = join(temporaryFolder(t), 'records.ndjson');
  await site.grow(4);
  const first = site.start({ file, begin: 'newest' });
  await until(() => existsSync(join(site.folder, 'sinks/siem.json')));
  await site.grow(2);
  await site.caughtUp(first);
  await first.stop();
  for (const torn of ['', 'null', '{"next":-1}']) {
    writeFileSync(join(site.folder, 'sinks/siem.json'), torn);
    const again = site.start({ file, begin: 'newest' });
    await site.caughtUp(again);
    await again.stop();
  }
  t.is(assertComplete(t, sentTo(file), site.entries), 2 + 2 * 6);
  t.deepEqual(new Set(site.said), new Set(['sink siem begins anew: where it was cannot be read']));
});

test('a cursor that cannot be had just now is waited for, not begun anew', async (t) => {
  const site = await sinkSite(t);
  const file = join(temporaryFolder(t), 'records.ndjson');
  await site.grow(4);
  mkdirSync(join(site.folder, 'sinks/siem.json'), { recursive: true });
  const sinks = site.start({ file });
  await until(() => sinks.views()[0]?.failures === 1);
  t.false(existsSync(file));
  rmSync(join(site.folder, 'sinks/siem.json'), { recursive: true });
  writeFileSync(
    join(site.folder, 'sinks/siem.json'),
    JSON.stringify({ next: 3, last: null, dropped: 0, rejected: 0 }),
  );
  await site.caughtUp(sinks);
  t.deepEqual(
    sentTo(file).map(({ index }) => index),
    [3],
  );
});

test('a sink that begins with the newest misses nothing where it dies before its receiver was ever there', async (t) => {
  const site = await sinkSite(t);
  const folder = temporaryFolder(t);
  const file = join(folder, 'in-the-way', 'records.ndjson');
  writeFileSync(join(folder, 'in-the-way'), '');
  await site.grow(4);
  const first = site.start({ file, begin: 'newest' });
  await until(() => existsSync(join(site.folder, 'sinks/siem.json')));
  const begun = readFileSync(join(site.folder, 'sinks/siem.json'));
  await site.grow(3);
  first.ask();
  await until(() => (first.views()[0]?.failures ?? 0) > 0);
  await first.stop();
  // As a kill leaves it.
  writeFileSync(join(site.folder, 'sinks/siem.json'), begun);
  rmSync(join(folder, 'in-the-way'));
  const second = site.start({ file, begin: 'newest' });
  await site.caughtUp(second);
  t.deepEqual(
    sentTo(file).map(({ index }) => index),
    [4, 5, 6],
  );
});

test('where a sink with the newest begins is kept before anything is sent, also what comes while it looks', async (t) => {
  const site = await sinkSite(t);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'in-the-way'), '');
  await site.grow(4);
  const before = site.log.checkpoint();
  await site.grow(3);
  // The log grows between the look for where to begin and the first look at what retention has removed.
  let begun = false;
  const log = new Proxy(site.log, {
    get: (of, name) => {
      if (name === 'checkpoint') return () => (begun ? of.checkpoint() : before);
      if (name === 'stats') begun = true;
      const member: unknown = Reflect.get(of, name, of);
      return typeof member === 'function' ? (member.bind(of) as unknown) : member;
    },
  });
  const sinks = site.start({ file: join(folder, 'in-the-way', 'records.ndjson'), begin: 'newest' }, { log });
  await until(() => (sinks.views()[0]?.failures ?? 0) > 0);
  t.is(cursorOf(site.folder).next, 4);
});

test('a file that is moved away at midnight goes on in a new one, and nothing is missing', async (t) => {
  const site = await sinkSite(t);
  const file = join(temporaryFolder(t), 'records.ndjson');
  const sinks = site.start({ file });
  for (const day of [1, 2, 3]) {
    await site.grow(50);
    await site.caughtUp(sinks);
    renameSync(file, `${file}-${day}`);
  }
  await site.grow(50);
  await site.caughtUp(sinks);
  t.is(assertComplete(t, sentTo(file), site.entries), 0);
  t.true(existsSync(file));
});

test('a line that a kill tore is ended, and its batch sent again', async (t) => {
  const site = await sinkSite(t);
  const file = join(temporaryFolder(t), 'records.ndjson');
  await site.grow(5);
  writeFileSync(file, '{"hash":"');
  const sinks = site.start({ file });
  await site.caughtUp(sinks);
  const [torn, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  t.is(torn, '{"hash":"');
  t.is(
    assertComplete(
      t,
      lines.map((line) => JSON.parse(line) as Sent),
      site.entries,
    ),
    0,
  );
});

test('a sink under another name is another sink: it gets everything once more', async (t) => {
  const site = await sinkSite(t);
  const file = join(temporaryFolder(t), 'records.ndjson');
  await site.grow(7);
  const first = site.start({ file });
  await site.caughtUp(first);
  await first.stop();
  const renamed = site.start({ file, name: 'archive' });
  await site.caughtUp(renamed);
  t.is(assertComplete(t, sentTo(file), site.entries), 7);
});

test('a cursor into another log is none', async (t) => {
  const [one, other] = [await sinkSite(t), await sinkSite(t)];
  const file = join(temporaryFolder(t), 'records.ndjson');
  await one.grow(10);
  await other.grow(12);
  const first = one.start({ file });
  await one.caughtUp(first);
  await first.stop();
  const path = join(one.folder, 'sinks/siem.json');
  writeFileSync(path, JSON.stringify({ ...cursorOf(one.folder), last: 'f'.repeat(64) }));
  const second = one.start({ file }, { log: other.log });
  await until(() => second.views()[0]?.next === 12);
  t.deepEqual(one.said, ['sink siem begins anew: it was sent another log']);
  t.is(sentTo(file).length, 22);
});

test('a sink that begins with the newest gets what comes after it began', async (t) => {
  const site = await sinkSite(t);
  const file = join(temporaryFolder(t), 'records.ndjson');
  await site.grow(20);
  const sinks = site.start({ file, begin: 'newest' });
  await until(() => sinks.views()[0]?.next === 20 && existsSync(join(site.folder, 'sinks/siem.json')));
  await site.grow(2);
  await site.caughtUp(sinks);
  t.deepEqual(
    sentTo(file).map(({ index }) => index),
    [20, 21],
  );
});

test('while a sink fails, lag and the age of what waits are told, and it is asked less and less', async (t) => {
  const site = await sinkSite(t);
  const folder = temporaryFolder(t);
  const file = join(folder, 'in-the-way', 'records.ndjson');
  writeFileSync(join(folder, 'in-the-way'), '');
  await site.grow(5);
  const sinks = site.start({ file });
  await until(() => sinks.views()[0]?.failures === 1);
  // The first record is an hour old by the clock of the test.
  t.like(sinks.views()[0], { next: 0, lag: 5, lag_s: 3600, sent: 0, failed: 1 });
  site.clock.advance(499);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  t.is(sinks.views()[0]?.failures, 1, 'a pause of half a second is kept');
  site.clock.advance(1);
  await until(() => sinks.views()[0]?.failures === 2);
  t.is(site.said.length, 1, 'the same failure is told once');
  rmSync(join(folder, 'in-the-way'));
  await site.caughtUp(sinks);
  t.is(assertComplete(t, sentTo(file), site.entries), 0);
  t.like(sinks.views()[0], { lag: 0, lag_s: 0, failures: 0, failed: sinks.views()[0]?.failed, error: null });
  t.is(site.said.at(-1), 'sink siem takes records again');
});

test('what retention removed before it was sent is counted, told, and left out', async (t) => {
  const site = await sinkSite(t);
  const file = join(temporaryFolder(t), 'records.ndjson');
  await site.grow(600);
  rmSync(join(site.folder, 'tile/entries/000'));
  const pruned: Log = Object.create(site.log, {
    stats: { value: () => ({ ...site.log.stats(), minimumIndex: 256 }) },
    files: { value: site.log.files },
    checkpoint: { value: () => site.log.checkpoint() },
  }) as Log;
  const fresh = site.start({ file }, { log: pruned });
  await site.caughtUp(fresh);
  await fresh.stop();
  t.like(fresh.views()[0], { dropped: 0, sent: 344 });
  writeFileSync(
    join(site.folder, 'sinks/siem.json'),
    JSON.stringify({ next: 56, last: null, dropped: 4, rejected: 0 }),
  );
  const late = site.start({ file }, { log: pruned });
  await site.caughtUp(late);
  t.like(late.views()[0], { dropped: 204, sent: 344 });
  t.deepEqual(site.said, ['sink siem: 200 records were removed before it took them']);
});
