import type { Readable } from 'node:stream';
import { formatInstant, systemClock, type Clock, type EpochMs } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { beginGeneration, retireGeneration, stageRows, touchGeneration } from '../store/generation.ts';
import { retireAbandoned, sweepRetired } from '../store/sweep.ts';
import type { Store } from '../store/types.ts';
import { csvRows } from './csv-rows.ts';
import { countActive, lockoutOf } from './lockout.ts';
import { requireLockout, type Lockout, type LockoutRule } from './lockout-limit.ts';
import { LockoutTally } from './lockout-tally.ts';
import { ndjsonRows, type ImportRow } from './ndjson-rows.ts';
import { ProblemList } from './problems.ts';
import { publishImport } from './publish.ts';
import { createStager, type Staging, type Tally } from './stager.ts';

export interface ImportOptions {
  readonly input: Readable;
  readonly format: 'ndjson' | 'csv';
  readonly tenant: string;
  readonly actor: string;
  readonly why: string;
  readonly now: EpochMs;
  /** File or other source, for people; `import` by default. */
  readonly source?: string;
  /** Works everything out and changes nothing. */
  readonly dryRun?: boolean;
  /** Takes a file without any device for what it says; else it is refused, since it is rather a failed export. */
  readonly allowEmpty?: boolean;
  /** How many active devices the import may keep out; any number where it is left out. */
  readonly lockout?: LockoutRule;
  /** Classes that the configuration knows: a device that loses its known class is kept out. */
  readonly classes?: ReadonlySet<string>;
  /** Told of the class of each sound row, in the order of the file. */
  readonly onClass?: (name: string) => void;
  readonly onProgress?: (progress: { readonly rows: number }) => void;
  readonly clock?: Clock;
}

export interface ImportResult {
  readonly rows: number;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Active devices that it keeps out. */
  readonly lockout: Lockout;
  /** Epoch of the import; null where nothing was changed (the same content again, or a dry run). */
  readonly epoch: number | null;
}

const importKind = 'device.import';
const heartbeatMs = 10_000;
/** How long an import goes on sweeping after it has become visible; the rest is left to the next sweep. */
const sweepBudgetMs = 60_000;

/**
 * Imports devices from a stream, all or nothing: rows are staged in short transactions that leave room for other
 * writers, and become visible together by one short commit. Devices that the file does not name stay as they are;
 * the same content again changes nothing. Throws InventoryInvalid (PDP_INVENTORY_INVALID) with every problem and
 * its line, PDP_INVENTORY_INVALID for a file without devices, LockoutRefused (PDP_LOCKOUT) for one that keeps out
 * more active devices than `lockout` says, PDP_INPUT_MALFORMED where the stream fails, and
 * PDP_STORE_UNAVAILABLE, also while another import of the tenant is running. Memory does not grow with the number of
 * rows.
 */
export async function importDevices(store: Store, options: ImportOptions): Promise<ImportResult> {
  const clock = options.clock ?? systemClock;
  const staging = beginImport(store, options, clock);
  const heartbeat = setInterval(() => beat(store, staging, clock), heartbeatMs);
  try {
    return await stageAndPublish(store, options, staging, clock);
  } catch (thrown) {
    // Where even this fails (disk full), the heartbeat ends and the generation is taken for abandoned.
    attempt(() => retireGeneration(store, staging.generation));
    throw thrown;
  } finally {
    clearInterval(heartbeat);
    // The import's outcome is settled: a sweep that fails is taken up by the next one.
    await sweepRetired(store, sweepBudgetMs, clock).catch(() => 0);
  }
}

async function stageAndPublish(
  store: Store,
  options: ImportOptions,
  staging: Staging,
  clock: Clock,
): Promise<ImportResult> {
  const problems = new ProblemList();
  const tally: Tally = {
    ...{ added: 0, changed: 0, unchanged: 0, firstAdded: [], firstChanged: [] },
    keptOut: new LockoutTally(),
  };
  const read = options.format === 'csv' ? csvRows : ndjsonRows;
  const stage = createStager(store, staging, problems, tally, options.classes);
  const source = readable(options.input);
  const found = tellingClasses(read(source, problems), options.onClass);
  const rows = await stageRows(store, staging.generation, found, stage, clock, (soFar) =>
    options.onProgress?.({ rows: soFar }),
  );
  if (problems.any) throw problems.toError();
  if (rows === 0 && options.allowEmpty !== true) {
    const what = 'the inventory has no devices; nothing was imported';
    throw new PortreeveError('PDP_INVENTORY_INVALID', `${what} (give --allow-empty where that is meant)`);
  }
  const { added, changed, unchanged } = tally;
  const lockout = keptOut(store, tally, options);
  const counts = { rows, added, changed, unchanged, lockout };
  if (options.dryRun === true || added + changed === 0) {
    retireGeneration(store, staging.generation);
    return { ...counts, epoch: null };
  }
  if (options.lockout) requireLockout(lockout, options.lockout);
  const { actor, why } = options;
  const epoch = publishImport(store, staging, tally, {
    actor,
    why,
    source: options.source ?? 'import',
    rows,
  });
  return { ...counts, epoch };
}

/** What the import keeps out, before any of it is visible. */
function keptOut(store: Store, { keptOut: tally }: Tally, { tenant, lockout }: ImportOptions): Lockout {
  const limit = lockout?.limit ?? { share: 1 };
  return lockoutOf(tally, limit, () => store.snapshot(() => countActive(store, tenant)));
}

/** Begins staging. Of two imports of one tenant at a time, each would be compared with what the other is replacing. */
function beginImport(store: Store, { tenant, now }: ImportOptions, clock: Clock): Staging {
  return store.transact(() => {
    retireAbandoned(store, clock);
    const running = store
      .prepare<{ started_at: number; pid: number; host: string }>(
        `SELECT started_at, pid, host FROM generations WHERE kind = ? AND scope = ? AND state = 'staging'`,
      )
      .get(importKind, tenant);
    if (running) {
      throw new PortreeveError(
        'PDP_STORE_UNAVAILABLE',
        `store ${store.path}: an import of tenant ${JSON.stringify(tenant)} has been running since ` +
          `${formatInstant(running.started_at)} (process ${running.pid} on ${running.host}); wait until it has ended`,
      );
    }
    const generation = beginGeneration(store, importKind, now, tenant, clock);
    const row = store
      .prepare<{ base_epoch: number }>('SELECT base_epoch FROM generations WHERE generation = ?')
      .get(generation);
    return { tenant, generation, baseEpoch: row?.base_epoch ?? 0, now };
  });
}

/** Shows that the import lives while its input stands still. */
function beat(store: Store, staging: Staging, clock: Clock): void {
  attempt(() => store.transact(() => touchGeneration(store, staging.generation, clock)));
}

async function* tellingClasses(
  rows: AsyncIterable<ImportRow>,
  tell: ImportOptions['onClass'] = () => undefined,
): AsyncGenerator<ImportRow> {
  for await (const row of rows) {
    tell(row.draft.class);
    yield row;
  }
}

async function* readable(input: Readable): AsyncGenerator<Uint8Array | string> {
  try {
    yield* input as AsyncIterable<Uint8Array | string>;
  } catch (thrown) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', `the inventory cannot be read: ${String(thrown)}`, {
      cause: thrown,
    });
  }
}

/** For acts whose failure changes nothing about the outcome and is told by what follows. */
function attempt(act: () => void): void {
  try {
    act();
  } catch {
    return;
  }
}
