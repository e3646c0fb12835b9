import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { keep } from '../audit/kept.ts';
import { canonicalConfig, configDigest } from '../config/digest.ts';
import type { Config } from '../config/types.ts';
import { catalogueDigest, catalogueText } from '../decision/reasons.ts';
import { trustText } from '../identity/trust.ts';
import type { TrustSet } from '../identity/types.ts';
import { sha256Hex } from '../lib/bytes.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { defaultBundlePath } from '../policy/bundle.ts';

/** The folder beside the log of records that holds what the digests in `versions` name. */
export function keptFolder(config: Config): string {
  return join(dirname(config.audit.path), 'kept');
}

/**
 * Keeps everything that decisions under this configuration name by digest, so that a record can be concluded again:
 * effective configuration, anchor set and its certificates, class data, catalogue and bundle. Throws
 * PDP_AUDIT_UNAVAILABLE where it cannot be written.
 */
export function keepVersions(config: Config, trust: TrustSet): void {
  const folder = keptFolder(config);
  const classes = canonicalJson(config.classes);
  keep(folder, configDigest(config), canonicalConfig(config));
  keep(folder, trust.digest, trustText(trust));
  for (const { certificate } of [...trust.anchors, ...trust.intermediates]) {
    keep(folder, certificate.fingerprint, certificate.der);
  }
  keep(folder, sha256Hex(classes), classes);
  keep(folder, catalogueDigest, catalogueText);
  const bundle = bundleBytes(config);
  if (bundle) keep(folder, sha256Hex(bundle), bundle);
}

/** Undefined where there is no bundle to read: decisions then name none. */
function bundleBytes(config: Config): Uint8Array | undefined {
  try {
    return readFileSync(config.policy.bundle ?? defaultBundlePath);
  } catch {
    return undefined;
  }
}
