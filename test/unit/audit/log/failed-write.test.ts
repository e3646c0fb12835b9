import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import test from 'ava';
import { logFolder, provedEntries, someRecords } from '../../../helpers/log-folder.ts';

const { writevSync, ftruncateSync } = fs;

test.afterEach.always(() => {
  Object.assign(fs, { writevSync, ftruncateSync });
  syncBuiltinESMExports();
});

const failed = (code: string): Error => Object.assign(new Error(`${code}: it fails`), { code });

/** From the next call on: which writes to the journal fail, counted from 1, and how many truncations do. */
function failing({ write, truncations = 0 }: { write: number; truncations?: number }): void {
  let writes = 0;
  let left = truncations;
  fs.writevSync = (...call) => {
    writes += 1;
    if (writes === write) throw failed('ENOSPC');
    return writevSync(...call);
  };
  fs.ftruncateSync = (...call) => {
    left -= 1;
    if (left >= 0) throw failed('EIO');
    ftruncateSync(...call);
  };
  syncBuiltinESMExports();
}

test.serial(
  'after an append that fails across the end of a bundle the next checkpoint covers what is there',
  async (t) => {
    const { folder, open } = logFolder(t);
    const log = open();
    await log.append(someRecords(0, 250));
    await log.integrate();
    failing({ write: 2 });
    await t.throwsAsync(log.append(someRecords(250, 20)), {
      code: 'PDP_AUDIT_UNAVAILABLE',
      message: /ENOSPC/,
    });
    await log.append(someRecords(250, 1));
    await log.integrate();
    t.deepEqual((await provedEntries(folder)).entries, someRecords(0, 251));
    await log.append(someRecords(251, 20));
    await log.close();
    t.deepEqual((await provedEntries(folder)).entries, someRecords(0, 271));
  },
);

test.serial(
  'where what a failed append left behind cannot be removed, nothing counts as kept that is not there',
  async (t) => {
    const { folder, open } = logFolder(t);
    const log = open();
    await log.append(someRecords(0, 250));
    await log.integrate();
    await log.append(someRecords(250, 2));
    failing({ write: 2, truncations: 1 });
    const more = someRecords(252, 20);
    await t.throwsAsync(log.append(more), { code: 'PDP_AUDIT_UNAVAILABLE', message: /ENOSPC/ });
    // A checkpoint that is due comes whether or not anybody appends.
    await log.integrate();
    await log.append(more);
    await log.integrate();
    const { entries } = await provedEntries(folder);
    t.is(log.size, entries.length);
    // What was left may be there twice; nothing is missing, and nothing is in between.
    t.deepEqual(entries, [...someRecords(0, 252), ...more.slice(0, 4), ...more]);
    await log.close();
    const again = open();
    t.is((await again.open()).size, entries.length);
    await again.close();
  },
);

test.serial(
  'a checkpoint that is on its way when an append fails for good is brought to its end',
  async (t) => {
    const { folder, open } = logFolder(t);
    const log = open();
    await log.append(someRecords(0, 300));
    failing({ write: 1, truncations: 1 });
    const [checkpoint, append] = await Promise.allSettled([log.integrate(), log.append(someRecords(300, 5))]);
    t.like(checkpoint, { status: 'fulfilled', value: { size: 300 } });
    t.is(append.status, 'rejected');
    t.deepEqual((await provedEntries(folder)).entries, someRecords(0, 300));
    await log.append(someRecords(300, 5));
    await log.close();
    t.deepEqual((await provedEntries(folder)).entries, someRecords(0, 305));
  },
);

test.serial(
  'what is tried twice in one turn is not written to a log that was given back after the first time',
  async (t) => {
    const { folder, open } = logFolder(t);
    const began = Date.UTC(2026, 0, 1);
    const dated = Array.from({ length: 600 }, (_, place) =>
      JSON.stringify({ time: new Date(began + place * 60_000).toISOString() }),
    );
    const log = open({
      now: () => began + 86_400_000,
      retention: { maxAgeMs: 60_000, maxBytes: null },
      onPruned: () => '{"act":"log_pruned"}',
    });
    await log.append(dated);
    await log.integrate();
    // The record of what goes does not get its room, and is tried again in the room that was kept back.
    failing({ write: 1, truncations: 1 });
    await t.throwsAsync(log.tend(), { code: 'PDP_AUDIT_UNAVAILABLE' });
    await log.append(someRecords(600, 200));
    await log.close();
    t.deepEqual((await provedEntries(folder)).entries, [...dated, ...someRecords(600, 200)]);
  },
);

test.serial(
  'a log whose first entry fails while it is opened is given back once, and says why',
  async (t) => {
    const { folder, open } = logFolder(t);
    let log = open();
    await log.append(someRecords(0, 250));
    await log.close();
    log = open({ onOpened: () => ['{"act":"log_recovered"}'] });
    failing({ write: 1, truncations: 1 });
    await t.throwsAsync(log.append(someRecords(250, 1)), { message: /ENOSPC/ });
    await log.append(someRecords(250, 20));
    await log.close();
    const { entries } = await provedEntries(folder);
    t.deepEqual(entries, [...someRecords(0, 250), '{"act":"log_recovered"}', ...someRecords(250, 20)]);
  },
);
