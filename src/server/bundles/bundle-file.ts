import type { Config } from '../../config/types.ts';
import { asPortreeveError, type PortreeveError } from '../../lib/errors.ts';
import { readBundleFile } from '../../policy/bundle.ts';
import type { Store } from '../../store/types.ts';
import { admitBundle } from './admit.ts';
import { defaultOrigin, fileSource, usesDefault, type BundleOrigin } from './origin.ts';
import { bundlePin, keptBytes, keptBundle, lastInForce } from './table.ts';

/** A bundle's bytes with where they come from, or why there are none that may be used. */
export type BundleFile =
  | { readonly bytes: Uint8Array; readonly origin: BundleOrigin }
  | { readonly code: PortreeveError['code']; readonly message: string };

/** What went wrong, as a bundle that is not there. */
export function noBundle(thrown: unknown): Extract<BundleFile, { code: unknown }> {
  const { code, message } = asPortreeveError(thrown, 'PDP_BUNDLE_INVALID');
  return { code, message };
}

/** The bundle of `policy.bundle`, or the one that ships; its signature is verified where one must have signed it. */
export async function configuredBundle(config: Config): Promise<BundleFile> {
  const { bundle } = config.policy;
  try {
    const bytes = readBundleFile(bundle);
    if (bundle === null) return { bytes, origin: defaultOrigin };
    await admitBundle(bytes, config);
    return { bytes, origin: { source: fileSource, location: bundle, pinned: false } };
  } catch (thrown) {
    return noBundle(thrown);
  }
}

/**
 * The bundle that a command decides by, beside a server or without one: what is pinned; where there are sources, what
 * was in force last; else the configured one. Nothing is tried here: what is kept has passed. Throws PDP_STORE_UNAVAILABLE,
 * and PDP_BUNDLE_INVALID where what is kept is damaged.
 */
export async function bundleToRead(config: Config, store: Store): Promise<BundleFile> {
  if (usesDefault(config) && !bundlePin(store)) return configuredBundle(config);
  const pin = bundlePin(store);
  if (!pin && config.policy.sources.length === 0) return configuredBundle(config);
  const row = pin ? keptBundle(store, pin.digest) : lastInForce(store);
  const bytes = row && keptBytes(store, row.digest);
  if (!row || !bytes) {
    if (config.policy.bundle !== null) return configuredBundle(config);
    return { code: 'PDP_BUNDLE_INVALID', message: 'no source of policy.sources has brought a bundle yet' };
  }
  try {
    await admitBundle(bytes, config);
    const { source, location } = row;
    return { bytes, origin: { source, location, pinned: pin !== undefined } };
  } catch (thrown) {
    return noBundle(thrown);
  }
}
