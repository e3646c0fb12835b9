import { nameText } from '../identity/name-text.ts';
import type { Certificate } from '../identity/types.ts';
import { formatInstant, type EpochMs } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { publishGeneration, retireGeneration } from '../store/generation.ts';
import { sweepRetired } from '../store/sweep.ts';
import type { Store } from '../store/types.ts';
import { findCrlIssuer } from './crl-issuer.ts';
import { refuseFromFuture, refuseRollback } from './crl-order.ts';
import { oneCrl } from './crl-pem.ts';
import { crlInfo, readCrlRow, writeCrlRow, type CrlRow } from './crl-table.ts';
import { parseCrl, type ParsedCrl } from './parse-crl.ts';
import { refuseUnstorable, type StorableCrl } from './storable.ts';
import { beginEntries, stageEntries, type StagedEntries } from './stage-entries.ts';
import type { CrlInfo } from './types.ts';

export interface CrlImportOptions {
  /** One CRL, PEM or DER. */
  readonly bytes: Uint8Array;
  /** CA certificates that may have issued it: anchors and configured intermediates. */
  readonly issuers: readonly Certificate[];
  /** Where it came from, for people. */
  readonly source: string;
  readonly now: EpochMs;
  readonly actor: string;
  readonly why: string;
  /**
   * Keeps the DER under its digest, which decisions will name: called for a CRL that was checked, before it comes into
   * force, and for one that is in force already. What it throws stops the import.
   */
  readonly keep?: (digest: string, der: Uint8Array) => Promise<void>;
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

/** Imports that lost a race against another one of the same issuer begin again so many times. */
const attempts = 3;
/** Milliseconds of sweeping after an import; what is left is taken up by the next one or by the server. */
const sweepBudgetMs = 1000;

/**
 * Makes a CRL the one in force of its issuer's key. It is checked first (form, issuer, signature, rights, order), its
 * entries are staged in short transactions, and one short commit makes it visible with its row in `changes`: a failed
 * or killed import leaves the list before in force. Throws PDP_CRL_INVALID (malformed, wrong signature),
 * PDP_CRL_REFUSED (issuer unknown or without the right, rollback, not supported), PDP_LIMIT_EXCEEDED and
 * PDP_STORE_UNAVAILABLE.
 */
export async function importCrl(store: Store, o: CrlImportOptions): Promise<CrlImport> {
  const crl: ParsedCrl = parseCrl(oneCrl(o.bytes));
  refuseUnstorable(crl);
  refuseFromFuture(crl, o.now);
  const issuer = findCrlIssuer(crl, o.issuers, o.now);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const current = readCrlRow(store, issuer.keyDigest);
    if (current?.digest !== crl.digest) refuseRollback(crl, current);
    await o.keep?.(crl.digest, crl.der);
    if (current?.digest === crl.digest) return unchanged(current);
    const done = await stageAndPublish(store, crl, issuer, current, o);
    await sweepQuietly(store);
    if (done) return done;
  }
  throw new PortreeveError(
    'PDP_STORE_UNAVAILABLE',
    `CRL of ${nameText(issuer.subject)}: other imports of the same issuer came in between; run the import again`,
  );
}

function unchanged(current: CrlRow): CrlImport {
  return { changed: false, crl: crlInfo(current), epoch: null, added: 0, removed: 0 };
}

async function stageAndPublish(
  store: Store,
  crl: StorableCrl,
  issuer: Certificate,
  current: CrlRow | undefined,
  o: CrlImportOptions,
): Promise<CrlImport | undefined> {
  const generation = beginEntries(store, issuer.keyDigest, o.now);
  try {
    const staged = await stageEntries(store, generation, crl, current);
    return publish(store, crl, issuer, current, staged, o);
  } catch (thrown) {
    giveUp(store, generation);
    throw thrown;
  }
}

/** One short transaction; undefined where another import of this issuer became visible since `current` was read. */
function publish(
  store: Store,
  crl: StorableCrl,
  issuer: Certificate,
  current: CrlRow | undefined,
  staged: StagedEntries,
  o: CrlImportOptions,
): CrlImport | undefined {
  return store.transact(() => {
    if (readCrlRow(store, issuer.keyDigest)?.generation !== current?.generation) {
      retireGeneration(store, staged.generation);
      return undefined;
    }
    const row = rowOf(crl, issuer, staged, o);
    const epoch = store.change({
      tenant: 'default',
      at: o.now,
      actor: o.actor,
      why: o.why,
      kind: 'crl.import',
      selector: issuer.keyDigest,
      detail: difference(row, current, staged),
    });
    writeCrlRow(store, row);
    publishGeneration(store, staged.generation, epoch);
    if (current) retireGeneration(store, current.generation);
    return { changed: true, crl: crlInfo(row), epoch, added: staged.added, removed: staged.removed };
  });
}

function rowOf(crl: StorableCrl, issuer: Certificate, staged: StagedEntries, o: CrlImportOptions): CrlRow {
  return {
    issuer_key: issuer.keyDigest,
    issuer_name: nameText(issuer.subject),
    generation: staged.generation,
    number: crl.number ?? null,
    this_update: crl.thisUpdate,
    next_update: crl.nextUpdate,
    imported_at: o.now,
    source: o.source,
    digest: crl.digest,
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
    number: row.number,
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
