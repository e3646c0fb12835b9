import type { Certificate } from '../../identity/types.ts';
import type { Store } from '../../store/types.ts';
import { findCrlIssuer } from '../crl-issuer.ts';
import { crlLimits } from '../limits.ts';
import { putInForce, refuseHeader, type CrlImport, type CrlOrigin } from '../put-in-force.ts';
import { crlDer, type OpenBytes } from './crl-der.ts';
import { streamEntries } from './entries.ts';
import { inOrder } from './in-order.ts';
import { surveyCrl } from './survey.ts';

/** How far an import is. */
export interface CrlProgress {
  readonly phase: 'check' | 'keep' | 'stage';
  /** Bytes of DER that this phase has read. */
  readonly bytes: number;
  /** Bytes of its DER; null until it is checked. */
  readonly totalBytes: number | null;
  /** Entries that are staged. */
  readonly entries: number;
}

/** What every import of a CRL is told, whatever its bytes come from. */
export interface CrlImportCommon extends CrlOrigin {
  /** CA certificates that may have issued it: anchors and configured intermediates. */
  readonly issuers: readonly Certificate[];
  /**
   * Keeps the DER under its digest, which decisions will name: called for a CRL that was checked, before it comes into
   * force, and for one that is in force already. What it throws stops the import.
   */
  readonly keep?: (digest: string, der: () => AsyncIterable<Uint8Array>) => Promise<void>;
  /** Bytes that it may have, PEM or DER; `crlLimits.streamBytes` by default. */
  readonly maxBytes?: number;
  readonly onProgress?: (progress: CrlProgress) => void;
  /**
   * Called with the signer's key and the generation of the staged entries before they become visible: what it answers
   * stands in the row of `changes`.
   */
  readonly weigh?: (issuerKey: string, generation: number) => Readonly<Record<string, unknown>>;
  /** Works out what would change, and changes nothing: entries are staged as ever, and given up. */
  readonly dryRun?: boolean;
}

export interface CrlStreamOptions extends CrlImportCommon {
  /** The bytes of one CRL, PEM or DER. */
  readonly open: OpenBytes;
  /** Which CRL of a PEM bundle is meant, from 0; absent where there must be one only. */
  readonly block?: number;
}

/**
 * Makes a CRL the one in force of its issuer's key, scope and kind: complete, delta, partitioned or indirect, of any
 * size, holding a few MB of it at a time. It is read twice: first its form, issuer, signature, rights and order are
 * checked while its entries only go by; then these are staged in short transactions, and one short commit makes them
 * visible with a row in `changes`, if they were of the very bytes that were verified. Nothing of a CRL that is not
 * verified is ever written, and a failed or killed import leaves the list before in force. Throws PDP_CRL_INVALID
 * (malformed, wrong signature, changed between the readings), PDP_CRL_REFUSED (issuer unknown or without the right,
 * rollback, not supported), PDP_LIMIT_EXCEEDED, PDP_STORE_UNAVAILABLE, and whatever the source throws.
 */
export async function importCrlStream(store: Store, o: CrlStreamOptions): Promise<CrlImport> {
  const { keep, weigh, dryRun = false } = o;
  let progress: CrlProgress = { phase: 'check', bytes: 0, totalBytes: null, entries: 0 };
  const tell = (news: Partial<CrlProgress>): void => {
    progress = { ...progress, ...news };
    o.onProgress?.(progress);
  };
  const der = (phase: CrlProgress['phase']): AsyncIterable<Uint8Array> =>
    followed(crlDer(o.open, o.maxBytes ?? crlLimits.streamBytes, o.block), (bytes) => tell({ phase, bytes }));
  const survey = await surveyCrl(der('check'), o.issuers);
  progress = { ...progress, totalBytes: survey.bytes };
  const header = { ...survey.fields, digest: survey.digest };
  refuseHeader(header, o.now);
  const signer = findCrlIssuer(header, o.issuers, o.now, survey.verify);
  return putInForce(
    store,
    {
      header,
      issuer: survey.fields.issuer,
      signer,
      entries: () => inOrder(streamEntries(der('stage'), survey)),
      onBatch: (entries) => tell({ entries }),
      dryRun,
      ...(weigh && { weigh: (generation: number) => weigh(signer.keyDigest, generation) }),
      ...(keep && !dryRun && { keep: () => keep(survey.digest, () => der('keep')) }),
    },
    o,
  );
}

/** The same pieces; `onBytes` is told how many bytes went by, before each. */
async function* followed(
  pieces: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.byteLength;
    onBytes(bytes);
    yield piece;
  }
}
