import type { RefusedChange } from '../../audit/acts.ts';
import type { Config } from '../../config/types.ts';
import type { Clock, EpochMs } from '../../lib/clock.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import type { Store } from '../../store/types.ts';
import type { InForce, ReloadState } from '../reload.ts';
import type { Apply, SourceSpec } from '../sources/types.ts';
import { bundleEntries, type BundleEntry } from './bundle-entries.ts';
import type { Bundles } from './bundles.ts';
import type { Candidate } from './candidates.ts';
import { bundlePin } from './table.ts';

export interface FollowOptions {
  readonly bundles: Bundles;
  readonly reload: Pick<ReloadState, 'current' | 'rebundle'>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  /** Told of each bundle that does not come into force, again whenever it is tried again. */
  readonly onRefused?: (refused: RefusedChange) => void;
}

/** Why the bundle that is to be in force is not. */
export interface Refused {
  readonly at: EpochMs;
  readonly digest: string;
  readonly message: string;
}

export interface BundleFollower {
  /** The sources of bundles, with what becomes of what they bring. */
  specs(config: Config): readonly SourceSpec[];
  /** Looks from now on; before that, what sources bring is only kept. */
  begin(): void;
  refused(): Refused | null;
  stop(): Promise<void>;
}

/** How often it is looked for another bundle (ms): a rollback is in force on all workers within a second. */
const lookMs = 100;
/** How long after it was refused the same bundle is tried again (ms). */
const retryMs = 30_000;

/**
 * Keeps in force what is to be: after an operator's pin or its end, when a source has brought something else, and when
 * one becomes stale and another takes over. What is refused leaves the old one in force and is told.
 */
export function followBundles(options: FollowOptions): BundleFollower {
  const { bundles, reload, store, clock, log } = options;
  let refused: (Refused & { readonly key: string }) | null = null;
  let begun = false;
  let stopped = false;
  let failing: string | undefined;
  let last: Promise<void> = Promise.resolve();

  const refuse = (refusal: Omit<RefusedChange, 'what'>): void =>
    options.onRefused?.({ what: 'bundle', ...refusal });
  const change = async (): Promise<void> => {
    const { config, bundle } = reload.current();
    const want = bundles.wanted(config);
    failing = undefined;
    if (isInForce(want, bundle)) {
      refused = null;
      return;
    }
    const key = JSON.stringify([want?.digest, want?.origin, bundlePin(store)?.at]);
    if (refused?.key === key && clock.now() < refused.at + retryMs && refused.at <= clock.now()) return;
    const occasion = whyOf(want, store);
    const message = (await reload.rebundle(occasion)) ?? passedOver(want, reload.current().bundle, bundles);
    refused = message === null ? null : { at: clock.now(), digest: want?.digest ?? '', message, key };
    if (message !== null) refuse({ selector: want?.digest ?? null, occasion, problem: message });
  };
  const look = (): Promise<void> => {
    last = last.then(async () => {
      if (!begun || stopped) return;
      try {
        await change();
      } catch (thrown) {
        const problem = describeThrown(thrown);
        if (problem !== failing) log(`which bundle is to be in force is not known: ${problem}`);
        failing = problem;
      }
    });
    return last;
  };

  const applyOf =
    ({ name, place }: BundleEntry): Apply =>
    async (brought) => {
      const origin = { source: name, location: place, pinned: false };
      const { digest, ...applied } = await bringOf(name, () => bundles.bring(brought, origin));
      await look();
      if (refused?.digest === digest) throw new PortreeveError('PDP_BUNDLE_INVALID', refused.message);
      return applied;
    };
  const bringOf = async <T>(name: string, bring: () => Promise<T>): Promise<T> => {
    try {
      return await bring();
    } catch (thrown) {
      refuse({ selector: null, occasion: `source ${name}`, problem: describeThrown(thrown) });
      throw thrown;
    }
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    specs: (config) => bundleEntries(config).map((entry) => ({ ...entry, apply: applyOf(entry) })),
    begin: () => {
      begun = true;
      void look();
      let looking = false;
      timer = setInterval(() => {
        if (looking) return;
        looking = true;
        void look().finally(() => (looking = false));
      }, lookMs);
    },
    refused: () => refused,
    stop: () => {
      stopped = true;
      clearInterval(timer);
      bundles.stop();
      return last;
    },
  };
}

function isInForce(want: Candidate | undefined, is: InForce['bundle']): boolean {
  // Where nothing is wanted, whatever is in force stays, but for what is pinned no more.
  if (!want) return is?.origin.pinned !== true;
  if (is?.digest !== want.digest || is.origin.pinned !== want.origin.pinned) return false;
  return want.origin.pinned || is.origin.source === want.origin.source;
}

/** Why something else came into force than was wanted; null where it did not. */
function passedOver(
  want: Candidate | undefined,
  is: InForce['bundle'],
  bundles: Pick<Bundles, 'problem'>,
): string | null {
  if (!want || isInForce(want, is)) return null;
  return bundles.problem(want.digest) ?? `${want.origin.source}: another bundle came into force`;
}

function whyOf(want: Candidate | undefined, store: Store): string {
  const pin = bundlePin(store);
  if (pin) return `bundle ${pin.digest.slice(0, 12)}, pinned by ${pin.actor}`;
  if (!want) return 'the bundle is pinned no more';
  return `bundle ${want.digest.slice(0, 12)} of source ${want.origin.source}`;
}
