import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { openLog } from '../../src/audit/log/open-log.ts';
import type { Log, LogOptions } from '../../src/audit/log/types.ts';
import { logFolder } from '../helpers/log-folder.ts';
import { smallVolume, withVolume } from '../helpers/raw-volume.ts';
import type { Volume } from '../helpers/raw-volume.ts';
import { until } from '../helpers/server.ts';

const hour = 3_600_000;
const began = Date.UTC(2026, 0, 1);

/** Records with a time, one an hour. */
const dated = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, place) =>
    JSON.stringify({ time: new Date(began + (from + place) * hour).toISOString(), text: 'x'.repeat(500) }),
  );

interface Site {
  readonly volume: Volume;
  readonly folder: string;
  readonly log: Log;
  readonly acts: object[];
  now: number;
}

/** A log of 900 hours on a small volume that is full from then on; retention lets nothing go yet. */
async function filled(t: ExecutionContext, more: Partial<LogOptions> = {}): Promise<Site> {
  const volume = smallVolume(t, '8m');
  const folder = join(volume.folder, 'log');
  const { options } = logFolder(t);
  const site = { volume, folder, acts: [] as object[], now: began + 900 * hour };
  const log = openLog(folder, {
    ...options,
    now: () => site.now,
    retention: { maxAgeMs: 1000 * hour, maxBytes: null },
    onPruned: (pruned) => (site.acts.push(pruned), JSON.stringify({ act: 'log_pruned', ...pruned })),
    ...more,
  });
  t.teardown(() => log.close().catch(() => undefined));
  await log.append(dated(0, 900));
  await log.integrate();
  await log.tend();
  t.is(log.stats().minimumIndex, 0);
  return Object.assign(site, { log });
}

withVolume(
  'on a full volume retention removes what is due, after the log has said so, and there is room again',
  async (t) => {
    const site = await filled(t);
    const { volume, log, acts } = site;
    volume.fill();
    await t.throwsAsync(log.append(dated(900, 400)), { code: 'PDP_AUDIT_UNAVAILABLE' });
    site.now = began + 1600 * hour;
    await log.tend();
    t.is(log.stats().minimumIndex, 512);
    t.deepEqual(acts, [{ before: 0, minimumIndex: 512 }]);
    await log.append(dated(900, 200));
    await log.integrate();
    t.is(log.stats().size, 900 + 1 + 200);
    site.now += 300 * hour;
    volume.fill();
    await log.tend();
    t.is(acts.length, 2, 'what made the room is kept back again');
  },
);

withVolume(
  'a log that cannot be opened on its full volume is, once retention lets something go',
  async (t) => {
    const told: string[] = [];
    const site = await filled(t, { checkpointMs: 20, onProblem: ({ message }) => void told.push(message) });
    const { volume, log, acts } = site;
    await log.append(dated(900, 5));
    volume.fill();
    await until(() => told.some((line) => line.includes('ENOSPC')));
    await t.throwsAsync(log.append(dated(905, 1)), { code: 'PDP_AUDIT_UNAVAILABLE' });
    t.true(existsSync(join(site.folder, 'journal/reserve')), 'nothing is due, and the room stays kept back');
    site.now = began + 1600 * hour;
    await until(() => log.stats().minimumIndex === 512);
    t.deepEqual(acts, [{ before: 0, minimumIndex: 512 }]);
    await log.append(dated(905, 1));
    await until(() => log.stats().integrated === 907);
    rmSync(join(volume.folder, 'ballast'));
  },
);
