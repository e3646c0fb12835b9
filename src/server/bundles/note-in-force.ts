import { describeThrown } from '../../lib/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Store } from '../../store/types.ts';
import type { InForce } from '../reload.ts';
import { bundleEntries, shadowEntries } from './bundle-entries.ts';
import { cameIntoForce } from './table.ts';

/** Notes for the next start, and for rollbacks, which bundle is in force; what cannot be noted is told. */
export function noteInForce(
  { bundle, config }: Pick<InForce, 'bundle' | 'config'>,
  {
    store,
    clock,
    log,
  }: { readonly store: Store; readonly clock: Clock; readonly log: (line: string) => void },
): void {
  if (!bundle) return;
  const sources = [...bundleEntries(config), ...shadowEntries(config)].map(({ name }) => name);
  try {
    cameIntoForce(store, bundle.digest, clock.now(), { keep: config.policy.keep, sources });
  } catch (thrown) {
    log(`it is not noted that bundle ${bundle.digest} came into force: ${describeThrown(thrown)}`);
  }
}
