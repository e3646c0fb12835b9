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

/** SHA-256 (hex) of `canonicalConfig`. */
export function configDigest(config: Config): string {
  return sha256Hex(canonicalConfig(config));
}
