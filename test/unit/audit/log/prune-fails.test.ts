import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { mock } from 'node:test';
import test from 'ava';
import { readEntries } from '../../../../src/audit/tlog/log-files.ts';
import { logFolder } from '../../../helpers/log-folder.ts';

const hour = 3_600_000;
const began = Date.UTC(2026, 0, 1);

const dated = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, place) =>
    JSON.stringify({ time: new Date(began + (from + place) * hour).toISOString() }),
  );

test('what cannot be removed is told once, in the log and to people, and overdue until it is removed', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.teardown(() => mock.timers.reset());
  const { folder, open } = logFolder(t);
  let now = began + 1000 * hour;
  const told: string[] = [];
  const log = open({
    now: () => now,
    retention: { maxAgeMs: 400 * hour, maxBytes: null },
    onPruned: (pruned) => JSON.stringify({ act: 'log_pruned', ...pruned }),
    onProblem: ({ message }) => void told.push(message),
  });
  await log.append(dated(0, 900));
  await log.integrate();
  mkdirSync(join(folder, 'minimum-index'));
  const minute = async (): Promise<void> => {
    mock.timers.tick(60_000);
    // Behind what the tick has begun.
    await log.append(['{}']);
  };
  for (let tries = 0; tries < 3; tries += 1) {
    await minute();
    // More is due by and by; first goes what the log says is gone.
    now += 200 * hour;
  }
  t.is(told.length, 1, told.join('\n'));
  t.like(log.stats(), { minimumIndex: 0, overdue: 512 });
  rmdirSync(join(folder, 'minimum-index'));
  await minute();
  t.like(log.stats(), { minimumIndex: 512, overdue: 0 });
  await minute();
  t.like(log.stats(), { minimumIndex: 768, overdue: 0 });
  t.is(readFileSync(join(folder, 'minimum-index'), 'utf8'), '768\n');
  const { size } = await log.integrate();
  const entries = (await readEntries(log.files, 3, size - 768)).map((one) => Buffer.from(one).toString());
  await log.close();
  const acts = entries.filter((entry) => entry.includes('log_pruned'));
  t.deepEqual(
    acts.map((act) => JSON.parse(act) as object),
    [
      { act: 'log_pruned', before: 0, minimumIndex: 512 },
      { act: 'log_pruned', before: 512, minimumIndex: 768 },
    ],
  );
});

test('a removal that a kill has broken off is ended at the next start, and not told again', async (t) => {
  const { folder, open } = logFolder(t);
  const now = began + 2000 * hour;
  const told: object[] = [];
  const options = {
    now: () => now,
    onPruned: (pruned: object) => (told.push(pruned), '{"act":"log_pruned"}'),
  };
  let log = open({ ...options, retention: { maxAgeMs: 400 * hour, maxBytes: null } });
  await log.append(dated(0, 1500));
  await log.integrate();
  const whole = join(folder, '../whole');
  cpSync(join(folder, 'tile'), whole, { recursive: true });
  await log.tend();
  await log.close();
  t.deepEqual(told, [{ before: 0, minimumIndex: 1280 }]);
  // As if it had ended when the first two bundles were gone.
  cpSync(whole, join(folder, 'tile'), { recursive: true });
  for (const tile of ['0/000', '0/001', 'entries/000', 'entries/001']) rmSync(join(folder, 'tile', tile));
  log = open(options);
  await log.append(['{}']);
  t.like(log.stats(), { minimumIndex: 1280, overdue: 768 });
  await log.tend();
  t.like(log.stats(), { minimumIndex: 1280, overdue: 0 });
  await log.close();
  for (const level of ['0', 'entries'])
    t.deepEqual(
      readdirSync(join(folder, 'tile', level)).sort(),
      ['005', '005.p'].filter((name) => existsSync(join(folder, 'tile', level, name))),
    );
  t.is(told.length, 1);
});
