import { setTimeout as sleep } from 'node:timers/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { startIndexHelper } from '../../../../src/server/audit/index-helper.ts';
import type { IndexHelper, IndexView } from '../../../../src/server/audit/index-helper.ts';
import { logIn, temporaryFolder, toldRecord, writeLog } from '../../../helpers/audit-log.ts';

const records = (count: number) => Array.from({ length: count }, (_, number) => toldRecord(number));

async function until(helper: IndexHelper, holds: (view: IndexView) => boolean): Promise<IndexView> {
  while (!holds(helper.view())) await sleep(50);
  return helper.view();
}

test('the helper follows the log with the index as it grows', async (t) => {
  t.timeout(60_000);
  const folder = logIn(t, records(300));
  const helper = startIndexHelper({ folder, maxBytes: null, log: t.log });
  t.teardown(() => helper.stop());
  t.deepEqual((await until(helper, ({ next }) => next === 256)).error, null);
});

test('a log that is not there yet is waited for', async (t) => {
  t.timeout(60_000);
  const folder = temporaryFolder(t);
  const helper = startIndexHelper({ folder, maxBytes: null, log: t.log });
  t.teardown(() => helper.stop());
  await sleep(500);
  t.deepEqual(helper.view(), { next: null, bytes: null, error: null });
  writeLog(folder, records(300));
  await until(helper, ({ next }) => next === 256);
  t.pass();
});

test('what goes wrong is told once, and a process that ended is started again', async (t) => {
  t.timeout(60_000);
  const folder = temporaryFolder(t);
  const [entry, told] = [join(folder, 'entry.mjs'), [] as string[]];
  writeFileSync(entry, 'process.exit(7);\n');
  const options = { folder, maxBytes: null, entry, restartMs: 20 };
  const helper = startIndexHelper({ ...options, log: (line) => void told.push(line) });
  t.teardown(() => helper.stop());
  const { error } = await until(helper, (view) => view.error !== null);
  t.regex(error!, /exit code 7/);
  await sleep(1000);
  t.is(told.filter((line) => line.includes('is not kept up')).length, 1);
});
