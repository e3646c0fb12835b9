import type { Config } from '../../config/types.ts';
import { bundleEntries, shadowEntries } from '../bundles/bundle-entries.ts';
import { crlIssuers } from '../loaded.ts';
import type { Authorities } from '../loaded.ts';
import { catalogueEntries } from './catalogue-sources.ts';
import { crlSources } from './crl-sources.ts';
import { deviceEntries } from './device-sources.ts';
import { keyEntries } from './key-sources.ts';
import type { SourceEntry } from './types.ts';

/** Every background source that a configuration names, by itself or through certificates: those of its CAs, and `seen` distribution points. */
export function configuredSources(
  config: Config,
  authorities: Authorities,
  seen: readonly string[] = [],
): readonly SourceEntry[] {
  return [
    ...crlSources(config, crlIssuers(authorities), seen),
    ...keyEntries(config),
    ...deviceEntries(config),
    ...catalogueEntries(config),
    ...bundleEntries(config),
    ...shadowEntries(config),
  ];
}
