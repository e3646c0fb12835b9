import type { Config } from '../../config/types.ts';
import { crlIssuers } from '../loaded.ts';
import type { Authorities } from '../loaded.ts';
import { crlSources } from './crl-sources.ts';
import { keyEntries } from './key-sources.ts';
import type { SourceEntry } from './types.ts';

/** Every background source that a configuration names, by itself or through its CAs' certificates. */
export function configuredSources(config: Config, authorities: Authorities): readonly SourceEntry[] {
  return [...crlSources(config, crlIssuers(authorities)), ...keyEntries(config)];
}
