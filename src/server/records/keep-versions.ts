import { keptFolderOf } from '../../audit/home.ts';
import { keepLarge } from '../../audit/kept.ts';
import { canonicalConfig, configDigest } from '../../config/digest.ts';
import type { Config } from '../../config/types.ts';
import { catalogueDigest, catalogueText } from '../../decision/reasons.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { anchorsDigest, anchorsText } from '../loaded.ts';
import type { Authorities } from '../loaded.ts';
import type { Material } from '../material.ts';

/** The folder that holds what the digests in `versions` name. */
export function keptFolder(config: Config): string {
  return keptFolderOf(config.audit.path);
}

/**
 * Keeps everything that decisions under this configuration name by digest, so that a record can be concluded again:
 * effective configuration, all CAs with their certificates, class data, catalogue and bundle, each from the very bytes
 * that are in force. Records do not wait for the volume meanwhile. Rejects with PDP_AUDIT_UNAVAILABLE where it cannot be
 * written.
 */
export async function keepVersions(
  config: Config,
  authorities: Authorities,
  { bundle }: Material,
): Promise<void> {
  const folder = keptFolder(config);
  const keep = (digest: string, bytes: Uint8Array | string): Promise<void> =>
    keepLarge(folder, digest, typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  const classes = canonicalJson(config.classes);
  await keep(configDigest(config), canonicalConfig(config));
  const { trust, pepCas } = authorities;
  await keep(anchorsDigest(authorities), anchorsText(authorities));
  for (const { certificate } of [...trust.anchors, ...trust.intermediates, ...pepCas]) {
    await keep(certificate.fingerprint, certificate.der);
  }
  await keep(sha256Hex(classes), classes);
  await keep(catalogueDigest, catalogueText);
  if ('bytes' in bundle) await keep(sha256Hex(bundle.bytes), bundle.bytes);
}
