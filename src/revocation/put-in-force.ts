import { nameText } from '../identity/name-text.ts';
import type { Certificate } from '../identity/types.ts';
import { formatInstant, type EpochMs } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { publishGeneration, retireGeneration } from '../store/generation.ts';
import { sweepRetired } from '../store/sweep.ts';
import type { Store } from '../store/types.ts';
import type { CrlEntry } from './crl-entries.ts';
import { refuseFromFuture, refuseLosingDelta, refuseRollback } from './crl-order.ts';
import { forgetListedSigners } from './ocsp/signers.ts';
import { crlInfo, crlKey, readCrlRow, writeCrlRow, type CrlKey, type CrlRow } from './crl-table.ts';
import type { CrlHeader } from './crl-header.ts';
import {
  beginEntries,
  openEntries,
  stageEntries,
  stageShort,
  type EntryList,
  type StagedEntries,
} from './stage-entries.ts';
import { refuseUnstorable, type StorableHeader } from './storable.ts';
import type { CrlInfo } from './types.ts';

/** Who brings a CRL, from where and why. */
export interface CrlOrigin {
  /** Where it came from, for people. */
  readonly source: string;
  readonly now: EpochMs;
  readonly actor: string;
  readonly why: string;
}

/** A CRL whose signature is verified, or will be before anything of it becomes visible. */
export interface OfferedCrl extends EntryList {
  readonly header: CrlHeader;
  /** The certificate whose key signed it. */
  readonly signer: Certificate;
  /**
   * Keeps the CRL's bytes under its digest: called for a CRL that was checked, before it comes into force, and for one
   * that is in force already. What it throws stops the import.
   */
  readonly keep?: () => Promise<void>;
  /** Called once all entries are staged, before they become visible: what it throws stops the import. */
  readonly confirm?: () => void;
  /**
   * Called with the generation of the staged entries before they become visible: what it answers stands in the row of
   * `changes`.
   */
  readonly weigh?: (generation: number) => Readonly<Record<string, unknown>>;
  /** Told how many entries are staged so far. */
  readonly onBatch?: (entriesSoFar: number) => void;
  /** What was staged is given up, and answered as if it had come into force. */
  readonly dryRun?: boolean;
}

export interface CrlImport {
  /** False where exactly this CRL was in force already. */
  readonly changed: boolean;
  readonly crl: CrlInfo;
  /** Epoch of the change, null without one. */
  readonly epoch: number | null;
  readonly added: number;
  readonly removed: number;
}

/** Imports that lost a race against another one of the same key begin again so many times. */
const attempts = 3;
/** Milliseconds of sweeping after an import; what is left is taken up by the next one or by the server. */
const sweepBudgetMs = 1000;

/** Throws PDP_CRL_REFUSED for what no import takes whatever is in force: see `refuseUnstorable`, and CRLs from the future. */
export function refuseHeader(header: CrlHeader, now: EpochMs): asserts header is StorableHeader {
  refuseUnstorable(header);
  refuseFromFuture(header, now);
}

/**
 * Makes a CRL the one in force of its signer's key and name, scope and kind: its order is checked, its entries are staged in
 * short transactions, and one short commit makes it visible with its row in `changes`: a failed or killed import leaves
 * the list before in force. Throws PDP_CRL_REFUSED (rollback, not supported), PDP_STORE_UNAVAILABLE, and what reading
 * the entries throws.
 */
export async function putInForce(store: Store, crl: OfferedCrl, o: CrlOrigin): Promise<CrlImport> {
  const { header, signer } = crl;
  refuseHeader(header, o.now);
  const key = crlKey(header, signer);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const current = readCrlRow(store, key);
    const same = current?.digest === header.digest;
    if (!same) refuseOutOfOrder(store, header, key, current);
    await crl.keep?.();
    if (same && current.issuer !== '') return unchanged(current);
    const done = await stageAndPublish(store, { crl, header, key, current }, o);
    await sweepQuietly(store);
    if (done) return done;
  }
  throw new PortreeveError(
    'PDP_STORE_UNAVAILABLE',
    `CRL of ${nameText(signer.subject)}: other imports of the same issuer came in between; run the import again`,
  );
}

function refuseOutOfOrder(store: Store, header: CrlHeader, key: CrlKey, current: CrlRow | undefined): void {
  refuseRollback(header, current);
  if (key.delta) refuseLosingDelta(header, current, readCrlRow(store, { ...key, delta: false }));
}

function unchanged(current: CrlRow): CrlImport {
  return { changed: false, crl: crlInfo(current), epoch: null, added: 0, removed: 0 };
}

interface Job {
  readonly crl: OfferedCrl;
  readonly header: StorableHeader;
  readonly key: CrlKey;
  readonly current: CrlRow | undefined;
}

async function stageAndPublish(store: Store, job: Job, o: CrlOrigin): Promise<CrlImport | undefined> {
  const entries = await openEntries(job.crl);
  try {
    const { few, all } = entries;
    if (few && job.crl.dryRun !== true) return store.transact(() => publishShort(store, job, few, o));
    return await stageLong(store, job, all, o);
  } finally {
    await entries.close();
  }
}

async function stageLong(
  store: Store,
  job: Job,
  entries: AsyncIterable<CrlEntry>,
  o: CrlOrigin,
): Promise<CrlImport | undefined> {
  const { crl, key, current } = job;
  const generation = beginEntries(store, key, o.now);
  try {
    const staged = await stageEntries(store, generation, crl, entries, current, crl.onBatch);
    crl.confirm?.();
    const weighed = crl.weigh?.(generation) ?? {};
    if (crl.dryRun) return previewed(store, job, staged, o);
    return publish(store, job, staged, o, weighed);
  } catch (thrown) {
    giveUp(store, generation);
    throw thrown;
  }
}

/**
 * A short list goes in by one transaction: while bulk work goes on, whoever revokes one more waits for the lock once. Of
 * one that fails nothing is left.
 */
function publishShort(
  store: Store,
  job: Job,
  entries: readonly CrlEntry[],
  o: CrlOrigin,
): CrlImport | undefined {
  const { crl, key, current } = job;
  const generation = beginEntries(store, key, o.now);
  const staged = stageShort(store, generation, crl, entries, current);
  crl.onBatch?.(entries.length);
  crl.confirm?.();
  return publish(store, job, staged, o, crl.weigh?.(generation) ?? {});
}

function previewed(store: Store, job: Job, staged: StagedEntries, o: CrlOrigin): CrlImport {
  giveUp(store, staged.generation);
  const { added, removed } = staged;
  return { changed: true, crl: crlInfo(rowOf(job, staged, o)), epoch: null, added, removed };
}

/** One short transaction; undefined where another import of this key became visible since `current` was read. */
function publish(
  store: Store,
  job: Job,
  staged: StagedEntries,
  o: CrlOrigin,
  weighed: Readonly<Record<string, unknown>>,
): CrlImport | undefined {
  const { key, current } = job;
  return store.transact(() => {
    if (readCrlRow(store, key)?.generation !== current?.generation) {
      retireGeneration(store, staged.generation);
      return undefined;
    }
    const row = rowOf(job, staged, o);
    const epoch = store.change({
      tenant: 'default',
      at: o.now,
      actor: o.actor,
      why: o.why,
      kind: 'crl.import',
      selector: key.issuerKey,
      detail: { ...difference(row, current, staged), ...weighed },
    });
    writeCrlRow(store, row);
    publishGeneration(store, staged.generation, epoch);
    const { issuerKey, issuer } = key;
    const follows = { generation: staged.generation, before: current?.generation };
    forgetListedSigners(store, { issuerKey, issuer: issuer.key, ...follows }, o);
    if (current) retireGeneration(store, current.generation);
    return { changed: true, crl: crlInfo(row), epoch, added: staged.added, removed: staged.removed };
  });
}

function rowOf({ header, key }: Job, staged: StagedEntries, o: CrlOrigin): CrlRow {
  return {
    issuer_key: key.issuerKey,
    scope: key.scope,
    delta: key.delta ? 1 : 0,
    issuer: key.issuer.key,
    issuer_name: key.issuer.text,
    generation: staged.generation,
    number: header.number ?? null,
    base_number: header.baseNumber ?? null,
    this_update: header.thisUpdate,
    next_update: header.nextUpdate,
    distribution_point: header.scope?.der ?? null,
    authority_key_id: header.authorityKeyId ?? null,
    imported_at: o.now,
    source: o.source,
    digest: header.digest,
    entries: staged.entries,
  };
}

function difference(
  row: CrlRow,
  current: CrlRow | undefined,
  staged: StagedEntries,
): Record<string, unknown> {
  return {
    issuer: row.issuer_name,
    scope: row.scope,
    number: row.number,
    base_number: row.base_number,
    previous_number: current?.number ?? null,
    entries: row.entries,
    added: staged.added,
    removed: staged.removed,
    this_update: formatInstant(row.this_update),
    next_update: formatInstant(row.next_update),
    source: row.source,
    digest: row.digest,
  };
}

/** Retires what was staged. A store that fails here failed before too: that error is told, and the sweep finds the rest. */
function giveUp(store: Store, generation: number): void {
  try {
    retireGeneration(store, generation);
  } catch {
    return;
  }
}

/** The import is done whether or not old rows could be removed just now; nobody reads them. */
async function sweepQuietly(store: Store): Promise<void> {
  try {
    await sweepRetired(store, sweepBudgetMs);
  } catch {
    return;
  }
}
