import type { Readable } from 'node:stream';
import { systemClock, type Clock } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { retireGeneration, stageBlocks, stageRows, touchGeneration } from '../store/generation.ts';
import { sweepRetired } from '../store/sweep.ts';
import type { Store } from '../store/types.ts';
import { beginImport } from './begin-import.ts';
import { csvRows } from './csv-rows.ts';
import type { ImportOptions, ImportResult } from './import-types.ts';
import { countActive, lockoutOf } from './lockout.ts';
import { requireLockout, type Lockout } from './lockout-limit.ts';
import { missingDevices } from './missing.ts';
import { ndjsonRows, type ImportRow } from './ndjson-rows.ts';
import { ProblemList } from './problems.ts';
import { publishImport } from './publish.ts';
import { createStager, type Staging } from './stager.ts';
import { newTally, type Tally } from './tally.ts';

export type { ImportOptions, ImportResult } from './import-types.ts';

const heartbeatMs = 10_000;
/** How long an import goes on sweeping after it has become visible; the rest is left to the next sweep. */
const sweepBudgetMs = 60_000;

/**
 * Imports devices from a stream, all or nothing: rows are staged in short transactions that leave room for other
 * writers, and become visible together by one short commit. Devices that the file does not name stay as they are, or
 * are taken away where it is the whole inventory (`deleteMissing`; lost and decommissioned ones stay); the same content again
 * changes nothing. Throws InventoryInvalid (PDP_INVENTORY_INVALID) with every problem and its line,
 * PDP_INVENTORY_INVALID for a file without devices, LockoutRefused (PDP_LOCKOUT) for one that keeps out
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
  const tally = newTally();
  const rows = await stageAll(store, options, staging, problems, tally, clock);
  if (problems.any) throw problems.toError();
  if (rows === 0 && options.allowEmpty !== true) {
    const what = 'the inventory has no devices; nothing was imported';
    throw new PortreeveError('PDP_INVENTORY_INVALID', `${what} (give --allow-empty where that is meant)`);
  }
  const lockout = keptOut(store, tally, options);
  const result = { rows, ...tally.counts, lockout };
  const { added, changed, removed } = tally.counts;
  if (options.dryRun === true || added + changed + removed === 0) {
    retireGeneration(store, staging.generation);
    return { ...result, epoch: null };
  }
  if (options.lockout) requireLockout(lockout, options.lockout);
  const { actor, why, source = 'import' } = options;
  return { ...result, epoch: publishImport(store, staging, tally, { actor, why, source, rows }) };
}

/** Stages what the file names, then what it does not; answers the rows of the file. */
async function stageAll(
  store: Store,
  options: ImportOptions,
  staging: Staging,
  problems: ProblemList,
  tally: Tally,
  clock: Clock,
): Promise<number> {
  const stager = createStager(store, staging, problems, tally, {
    classes: options.classes,
    bound: options.bound,
    why: options.whySaid === true,
    forbidden: options.forbidden ?? 'refuse',
    history: !staging.first && options.dryRun !== true,
    onDifference: options.onDifference,
  });
  const source = readable(options.input);
  const read =
    options.format === 'csv' ? csvRows(source, problems, options.columns) : ndjsonRows(source, problems);
  const { generation } = staging;
  const found = tellingClasses(read, options.onClass);
  const rows = await stageBlocks(store, generation, found, stager.stage, clock, (soFar) =>
    options.onProgress?.({ rows: soFar }),
  );
  if (options.deleteMissing === true && !staging.first && !problems.any)
    await stageRows(
      store,
      generation,
      missingDevices(store, staging.tenant, generation),
      stager.remove,
      clock,
    );
  return rows;
}

/** What the import keeps out, before any of it is visible. */
function keptOut(store: Store, { keptOut: tally }: Tally, { tenant, lockout }: ImportOptions): Lockout {
  const limit = lockout?.limit ?? { share: 1 };
  return lockoutOf(tally, limit, () => store.snapshot(() => countActive(store, tenant)));
}

/** Shows that the import lives while its input stands still. */
function beat(store: Store, staging: Staging, clock: Clock): void {
  attempt(() => store.transact(() => touchGeneration(store, staging.generation, clock)));
}

async function* tellingClasses(
  rows: AsyncIterable<readonly ImportRow[]>,
  tell: ImportOptions['onClass'],
): AsyncGenerator<readonly ImportRow[]> {
  for await (const block of rows) {
    if (tell) for (const { draft } of block) tell(draft.class);
    yield block;
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
