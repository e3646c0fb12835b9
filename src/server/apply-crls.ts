import type { Config } from '../config/types.ts';
import type { Certificate } from '../identity/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import { importCrl } from '../revocation/import-crl.ts';
import type { CrlBytes } from '../revocation/sources/crl-files.ts';
import type { Store } from '../store/types.ts';
import { crlKeeper } from './keep-crl.ts';

export interface CrlWorld {
  readonly store: Store;
  readonly config: () => Config;
  /** CA certificates whose CRLs are taken: those of devices and of PEPs. */
  readonly issuers: () => readonly Certificate[];
  readonly log: (line: string) => void;
}

/** What became of the CRLs of one file or answer. */
export interface AppliedCrls {
  readonly changed: boolean;
  /** The earliest nextUpdate among them; undefined without any. */
  readonly nextUpdate: EpochMs | undefined;
  /** Whether the bytes of all are kept for replay. */
  readonly kept: boolean;
}

/** Brings CRLs into force, one after the other. Throws as `importCrl`; those before the one that fails are in force. */
export async function applyCrls(
  crls: readonly CrlBytes[],
  world: CrlWorld,
  act: { readonly now: EpochMs; readonly why: string },
): Promise<AppliedCrls> {
  let anyChanged = false;
  let nextUpdate: EpochMs | undefined;
  let kept = true;
  for (const { source, bytes } of crls) {
    const { crl, changed, added, removed } = await importCrl(world.store, {
      bytes,
      issuers: world.issuers(),
      source,
      now: act.now,
      actor: 'server',
      why: act.why,
      keep: crlKeeper(world.config(), (problem) => {
        kept = false;
        world.log(`${source}: ${problem}`);
      }),
    });
    nextUpdate = Math.min(nextUpdate ?? Infinity, crl.nextUpdate);
    if (!changed) continue;
    anyChanged = true;
    world.log(`CRL of ${crl.issuerName} imported from ${source}: ${added} added, ${removed} removed`);
  }
  return { changed: anyChanged, nextUpdate, kept };
}
