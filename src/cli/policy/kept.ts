import { Option } from 'commander';
import type { Config } from '../../config/types.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { usesDefault } from '../../server/bundles/origin.ts';
import { bundlePin, keptBundles, lastInForce, type KeptBundle } from '../../server/bundles/table.ts';
import type { Store } from '../../store/types.ts';
import { shortText } from '../command.ts';

/** The option that says who answers for a pin or its end. */
export function whoOption(): Option {
  return new Option('--who <text>', 'who answers for it (default: the user of the system)').argParser(
    (text) => shortText(text, 256),
  );
}

/** The digest of the bundle in force, as far as the store tells; null for the policy that ships, or none. */
export function digestInForce(config: Config, store: Store): string | null {
  const pin = bundlePin(store);
  if (pin) return pin.digest;
  return usesDefault(config) ? null : (lastInForce(store)?.digest ?? null);
}

/** The kept bundle whose digest begins like this. Throws PDP_NOT_FOUND, PDP_USAGE where several do. */
export function keptByPrefix(store: Store, prefix: string): KeptBundle {
  const wanted = prefix.toLowerCase();
  if (!/^[0-9a-f]{4,64}$/.test(wanted))
    throw new PortreeveError('PDP_USAGE', 'a digest is 64 hex digits, or at least the first 4 of them');
  const found = keptBundles(store).filter(({ digest }) => digest.startsWith(wanted));
  const [one, ...others] = found;
  if (!one)
    throw new PortreeveError('PDP_NOT_FOUND', `no bundle ${prefix} is kept: see portreeve policy list`);
  if (others.length > 0)
    throw new PortreeveError(
      'PDP_USAGE',
      `${found.length} kept bundles begin with ${prefix}: give more digits`,
    );
  return one;
}

/** The bundle that was in force before the one that is. Throws PDP_NOT_FOUND where none is kept. */
export function keptBefore(store: Store, current: string | null): KeptBundle {
  const found = keptBundles(store).find(({ digest, turn }) => turn !== null && digest !== current);
  if (found) return found;
  throw new PortreeveError('PDP_NOT_FOUND', 'no bundle is kept that was in force before this one');
}

/** A kept bundle as machines are told of it. */
export function bundleData(bundle: KeptBundle): object {
  const { digest, revision, source, location, keyId, cases } = bundle;
  return {
    ...{ digest, revision, source, location },
    brought_at: formatInstant(bundle.broughtAt),
    in_force_at: instant(bundle.inForceAt),
    signed_by: keyId,
    self_test_cases: cases,
  };
}

function instant(at: EpochMs | null): string | null {
  return at === null ? null : formatInstant(at);
}
