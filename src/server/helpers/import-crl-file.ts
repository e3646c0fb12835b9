import { keepLarge } from '../../audit/kept.ts';
import { nameText } from '../../identity/name-text.ts';
import type { Certificate } from '../../identity/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { countAllActive } from '../../inventory/lockout-active.ts';
import { alwaysAllowed, type Lockout } from '../../inventory/lockout-limit.ts';
import { countRevoked, isNewlyRevoked, type StagedRevocations } from '../../inventory/lockout-revoked.ts';
import { asPortreeveError, type ErrorCode } from '../../lib/errors.ts';
import { withCrlFile } from '../../revocation/sources/crl-file.ts';
import { importCrlStream, type CrlProgress } from '../../revocation/stream/import-crl-stream.ts';
import type { CrlImport } from '../../revocation/put-in-force.ts';
import type { Store } from '../../store/types.ts';

/** A file of CRLs that is to come into force: plain data, which another process can be told. */
export interface CrlFileJob {
  readonly path: string;
  /** What it is called for people and records. */
  readonly name: string;
  readonly maxBytes: number;
  readonly now: EpochMs;
  readonly actor: string;
  readonly why: string;
  /** Folder in which decisions' CRLs are kept by digest; null where nothing is kept. */
  readonly keptFolder: string | null;
  readonly dryRun: boolean;
}

/** What became of one CRL of a file. */
export type CrlOutcome =
  | {
      readonly source: string;
      readonly done: CrlImport;
      /** Why its bytes could not be kept for replay; null where they are. */
      readonly notKept: string | null;
      /** Devices that it keeps out; null where nothing changed. */
      readonly lockout: Lockout | null;
      /** Names of configured CAs that it newly revokes: everything under them is kept out. */
      readonly revokedCas: readonly string[];
    }
  | { readonly source: string; readonly error: { readonly code: ErrorCode; readonly message: string } };

/**
 * Brings the CRLs of a file into force, one after the other, each for itself: one that is refused does not keep the
 * others out. A revocation comes into force whether or not its list could be kept. Throws PDP_CRL_INVALID and
 * PDP_LIMIT_EXCEEDED for a file that cannot be read at all, and PDP_STORE_UNAVAILABLE.
 */
export async function importCrlFile(
  store: Store,
  job: CrlFileJob,
  issuers: readonly Certificate[],
  onProgress?: (progress: CrlProgress, size: number) => void,
): Promise<CrlOutcome[]> {
  const { path, name, maxBytes, keptFolder } = job;
  return withCrlFile(path, { name, maxBytes }, async ({ size, crls }) => {
    const outcomes: CrlOutcome[] = [];
    for (const { source, open, block } of crls) {
      let notKept: string | null = null;
      let lockout: Lockout | null = null;
      let revokedCas: readonly string[] = [];
      const weigh = (issuerKey: string, generation: number): Readonly<Record<string, unknown>> => {
        lockout = countRevoked(store, { issuerKey, generation });
        revokedCas = casRevokedBy(store, { issuerKey, generation }, issuers);
        return { kept_out: lockout.kept_out, revoked_cas: revokedCas };
      };
      const keep = async (digest: string, der: () => AsyncIterable<Uint8Array>): Promise<void> => {
        notKept = keptFolder === null ? null : await keepQuietly(keptFolder, digest, der);
      };
      try {
        const done = await importCrlStream(store, {
          ...{ open, block, source, issuers, maxBytes, keep, weigh },
          ...{ now: job.now, actor: job.actor, why: job.why, dryRun: job.dryRun },
          ...(onProgress && { onProgress: (progress) => onProgress(progress, size) }),
        });
        outcomes.push({ source, done, notKept, lockout: await completed(store, lockout), revokedCas });
      } catch (thrown) {
        const { code, message } = asPortreeveError(thrown);
        if (code === 'PDP_STORE_UNAVAILABLE') throw thrown;
        outcomes.push({ source, error: { code, message } });
      }
    }
    return outcomes;
  });
}

/** Configured CAs of the signer's that a staged CRL revokes. */
function casRevokedBy(
  store: Store,
  staged: StagedRevocations,
  issuers: readonly Certificate[],
): readonly string[] {
  const signers = issuers.filter(({ keyDigest }) => keyDigest === staged.issuerKey);
  const below = issuers.filter(
    (ca) => ca.keyDigest !== staged.issuerKey && signers.some(({ subject }) => subject.key === ca.issuer.key),
  );
  const revoked = below.filter(({ serial }) => isNewlyRevoked(store, staged, serial));
  return revoked.map(({ subject }) => nameText(subject));
}

/** The number with that of all active devices, which is counted where it may matter, and while others go on. */
async function completed(store: Store, lockout: Lockout | null): Promise<Lockout | null> {
  if (lockout === null || lockout.kept_out <= alwaysAllowed) return lockout;
  return { ...lockout, total_active: await countAllActive(store) };
}

/** What speaks against replay, where it could not be kept: the next reading of the same list tries again. */
async function keepQuietly(
  folder: string,
  digest: string,
  der: () => AsyncIterable<Uint8Array>,
): Promise<string | null> {
  try {
    await keepLarge(folder, digest, der);
    return null;
  } catch (thrown) {
    return `decisions by this CRL will not replay until it is kept: ${asPortreeveError(thrown).message}`;
  }
}
