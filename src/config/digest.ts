import { sha256Hex } from '../lib/bytes.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import type { Config } from './types.ts';

/**
 * RFC 8785 text of the effective configuration, which `versions.configuration` names and replays read. Without `file`,
 * which says nothing about decisions. It holds no secrets: the configuration has none, only paths of files that do.
 */
export function canonicalConfig(config: Config): string {
  return canonicalJson({ ...config, file: undefined });
}

/** A configuration that was loaded is not changed any more, and its digest is asked for at every look at the status. */
const digests = new WeakMap<Config, string>();

/** SHA-256 (hex) of `canonicalConfig`, worked out once for each configuration. */
export function configDigest(config: Config): string {
  const known = digests.get(config);
  if (known !== undefined) return known;
  const digest = sha256Hex(canonicalConfig(config));
  digests.set(config, digest);
  return digest;
}
