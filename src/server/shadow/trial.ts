import { keepLarge } from '../../audit/kept.ts';
import type { ShadowBundle } from '../../audit/shadow-record.ts';
import type { Config } from '../../config/types.ts';
import type { Clock, EpochMs } from '../../lib/clock.ts';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import type { Store } from '../../store/types.ts';
import { admitBeside } from '../bundles/admit.ts';
import type { Candidate } from '../bundles/candidates.ts';
import { keptBytes } from '../bundles/table.ts';
import { keptFolder } from '../records/keep-versions.ts';
import type { StoreHand } from '../helpers/store-hand.ts';
import { ShadowLedger } from './ledger.ts';
import type { ShadowProcess } from './shadow-process.ts';

/** One bundle on trial, from its begin to its end. */
export interface Trial {
  /** What it is made from: another one is another trial. */
  readonly key: string;
  readonly about: ShadowBundle;
  readonly source: string;
  readonly keyId: string | null;
  readonly config: Config;
  readonly bytes: Uint8Array;
  readonly beganAt: EpochMs;
  readonly ledger: ShadowLedger;
  process: ShadowProcess | undefined;
  ready: boolean;
  /** What the process has not judged yet, of how many. */
  underWay: { left: number; readonly taken: () => void } | undefined;
  failures: number;
  restarts: number;
  error: string | null;
  restsUntil: number;
  again: NodeJS.Timeout | undefined;
}

/**
 * Makes the trial of a bundle that was tried and kept; its process is begun by the caller. Its signature is verified anew, as
 * keys may have changed. Throws PDP_BUNDLE_INVALID, PDP_BUNDLE_SIGNATURE_*, PDP_STORE_UNAVAILABLE.
 */
export async function openTrial(
  {
    want: { digest, origin },
    ...made
  }: Pick<Trial, 'key' | 'config'> & { readonly want: Candidate; readonly share: number },
  o: {
    readonly store: Store;
    readonly clock: Clock;
    readonly hand?: () => StoreHand | undefined;
    readonly log: (line: string) => void;
  },
): Promise<Trial> {
  const { key, config, share } = made;
  const bytes = keptBytes(o.store, digest);
  if (!bytes) throw new PortreeveError('PDP_BUNDLE_INVALID', `bundle ${digest} is not kept any more`);
  const { revision, keyId } = await admitBeside(bytes, config, o.hand?.());
  try {
    await keepLarge(keptFolder(config), digest, bytes);
  } catch (thrown) {
    o.log(`the bundle on trial is not kept for its records: ${asPortreeveError(thrown).message}`);
  }
  const now = o.clock.now();
  return {
    ...{ key, keyId, config, bytes, source: origin.source, beganAt: now, ledger: new ShadowLedger(now) },
    about: { bundle: digest, revision, share },
    ...{ process: undefined, ready: false, underWay: undefined, failures: 0, restarts: 0, error: null },
    ...{ restsUntil: 0, again: undefined },
  };
}
