import type { BundleSourceConfig, Config } from '../../config/types.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { urlLocation, usualJitter } from '../sources/file-or-url.ts';
import type { SourceEntry, SourceLocation } from '../sources/types.ts';
import { fileSource, shadowFileSource } from './origin.ts';

/** What sources of bundles are called among all. */
export const sourceKind = 'policy';

/** One source of bundles, with where it stands as text. */
export interface BundleEntry extends SourceEntry {
  readonly place: string;
}

/** How often the file of `policy.bundle` is read beside its being watched (ms); for its age, which nothing else tells. */
const fileIntervalMs = 10_000;

/** Every source of bundles, in the order of their priority; the file of `policy.bundle` is the last of them. */
export function bundleEntries(config: Config): readonly BundleEntry[] {
  return entriesOf(config.policy, fileSource, readingOf(config));
}

/** The same of the bundle that is asked beside the one in force; none where there is none. */
export function shadowEntries(config: Config): readonly BundleEntry[] {
  const { shadow } = config.policy;
  return shadow ? entriesOf(shadow, shadowFileSource, readingOf(config)) : [];
}

function entriesOf(
  { sources, bundle }: Pick<Config['policy'], 'sources' | 'bundle'>,
  fileName: string,
  reading: string,
): readonly BundleEntry[] {
  const named = sources.map((source): BundleEntry => {
    const { name, interval, timeout, max_bytes, max_age } = source;
    const location = locationOf(source);
    return {
      ...{ kind: sourceKind, name, location, interval, jitter: usualJitter, timeout, max_bytes, max_age },
      ...{ signed_by: null, reading, place: 'url' in location ? location.url : location.file },
    };
  });
  if (bundle === null) return named;
  const file: BundleEntry = {
    ...{ kind: sourceKind, name: fileName, location: { file: bundle }, place: bundle },
    ...{ interval: fileIntervalMs, jitter: usualJitter, timeout: 60_000, max_bytes: 16 * 1024 * 1024 },
    ...{ max_age: null, signed_by: null, reading },
  };
  return [...named, file];
}

function locationOf(source: BundleSourceConfig): SourceLocation {
  const { url, file, folder } = source;
  if (url !== null) return urlLocation(url, source);
  return folder === null ? { file: file ?? '' } : { file: folder, unpacked: true };
}

/** Under other keys the same bytes are worth another look. */
function readingOf({ policy }: Config): string {
  return sha256Hex(canonicalJson(policy.signed_by)).slice(0, 16);
}
