import { stat } from 'node:fs/promises';
import type { Config } from '../../config/types.ts';
import type { Certificate } from '../../identity/types.ts';
import { isAboveLimit, lockoutLimitOf, lockoutText } from '../../inventory/lockout-limit.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { Store } from '../../store/types.ts';
import { importInHelper } from './crl-helper.ts';
import { importCrlFile, type CrlFileJob, type CrlOutcome } from './import-crl-file.ts';
import { keptFolder } from '../records/keep-versions.ts';
import type { StoreHand } from './store-hand.ts';
import { whenUnlocked } from '../files/when-unlocked.ts';

/** Bytes of a file above which it is imported by a process of its own. */
export const inlineBytes = 1024 * 1024;

/** Bytes of a file above which decisions would wait for its import: it is left to the hand, where there is one. */
export const handBytes = 8 * 1024;

/** What CRLs are imported into, and who may have issued them. */
export interface CrlWorld {
  readonly store: Store;
  readonly config: () => Config;
  /** CA certificates whose CRLs are taken: those of devices and of PEPs. */
  readonly issuers: () => readonly Certificate[];
  readonly log: (line: string) => void;
  /** Who does what would hold up decisions; undefined as long as none are made. */
  readonly hand?: () => StoreHand | undefined;
  /** Ends imports that are under way. */
  readonly signal?: AbortSignal;
}

/** What became of the CRLs of one file or answer. */
export interface AppliedCrls {
  readonly changed: boolean;
  /** The earliest nextUpdate among them; undefined without any. */
  readonly nextUpdate: EpochMs | undefined;
  /** Whether the bytes of all are kept for replay. */
  readonly kept: boolean;
}

/**
 * Brings the CRLs of a file into force; `name` is where it came from, for people. Neither decisions nor the server's
 * other work wait for a large one. Throws what is wrong with the first that is refused, as `importCrlStream` does; the
 * others are in force.
 */
export async function applyCrlFile(
  { path, name }: { readonly path: string; readonly name: string },
  world: CrlWorld,
  act: { readonly now: EpochMs; readonly why: string },
): Promise<AppliedCrls> {
  const job: CrlFileJob = {
    ...{ path, name, now: act.now, why: act.why },
    actor: 'server',
    maxBytes: world.config().revocation.max_crl_bytes,
    keptFolder: keptFolder(world.config()),
    dryRun: false,
  };
  return told(await imported(job, world), world);
}

/** Of a few kilobytes an import takes this process a millisecond or two; a large one holds up no small one. */
async function imported(job: CrlFileJob, world: CrlWorld): Promise<CrlOutcome[]> {
  const { store, hand, log, signal } = world;
  const size = await sizeOf(job.path);
  const other = size > handBytes ? hand?.() : undefined;
  const issuers = world.issuers().map(({ der }) => der);
  if (other) return other.do({ is: size > inlineBytes ? 'large_crls' : 'crls', job, issuers });
  if (size <= inlineBytes) return whenUnlocked(() => importCrlFile(store, job, world.issuers()), signal);
  return importInHelper({ job, storePath: store.path, issuers, log, ...(signal && { signal }) });
}

/** Whether a process of its own will import a file. */
export async function isLarge(path: string): Promise<boolean> {
  return (await sizeOf(path)) > inlineBytes;
}

/** What cannot be looked at is small: reading it tells what is wrong. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

function told(outcomes: readonly CrlOutcome[], { log, config }: CrlWorld): AppliedCrls {
  let failure: PortreeveError | undefined;
  let nextUpdate: EpochMs | undefined;
  let kept = true;
  for (const outcome of outcomes) {
    if ('error' in outcome) {
      failure ??= new PortreeveError(outcome.error.code, outcome.error.message);
      continue;
    }
    const { source, done, notKept, lockout, revokedCas } = outcome;
    nextUpdate = Math.min(nextUpdate ?? Infinity, done.crl.nextUpdate);
    if (notKept !== null) {
      kept = false;
      log(`${source}: ${notKept}`);
    }
    if (done.changed) {
      const { added, removed, crl } = done;
      log(`CRL of ${crl.issuerName} imported from ${source}: ${added} added, ${removed} removed`);
      for (const ca of revokedCas) {
        log(
          `ALARM: the CRL of ${crl.issuerName} from ${source} revokes the CA ${ca}: nothing under it is allowed`,
        );
      }
      if (lockout && isAboveLimit(lockout, lockoutLimitOf(config()))) {
        log(`ALARM: the CRL of ${crl.issuerName} from ${source} keeps out ${lockoutText(lockout)}`);
      }
    }
  }
  if (failure) throw failure;
  return { changed: outcomes.some((one) => 'done' in one && one.done.changed), nextUpdate, kept };
}
