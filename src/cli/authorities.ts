import { readFileSync } from 'node:fs';
import type { Config } from '../config/types.ts';
import { buildTrustSet, type TrustSources } from '../identity/trust.ts';
import type { Certificate, TrustSet } from '../identity/types.ts';
import { describeThrown, PortreeveError } from '../lib/errors.ts';

/** Reads and compiles the configured CAs. Throws PDP_CONFIG_INVALID naming the entry that is at fault. */
export function readTrust(config: Config): TrustSet {
  const sources: TrustSources = {
    anchors: config.trust.anchors.map((anchor) => ({
      name: anchor.name,
      certificate: readBytes(anchor.file),
      profile: anchor.profile,
      revocation: {
        required: anchor.revocation.required,
        ...(anchor.revocation.max_age !== null && { maxAgeMs: anchor.revocation.max_age }),
        graceMs: anchor.revocation.grace,
      },
      allowSha1: anchor.allow_sha1,
    })),
    intermediates: config.trust.intermediates.map(({ name, file }) => ({
      name,
      certificate: readBytes(file),
    })),
  };
  return buildTrustSet(sources);
}

/** A configured CA by the name that classes use, and whether devices are anchored in it. */
export interface NamedAuthority {
  readonly name: string;
  readonly role: 'anchor' | 'intermediate';
  readonly certificate: Certificate;
}

/** Anchors, then intermediates. */
export function listAuthorities(trust: TrustSet): readonly NamedAuthority[] {
  return [
    ...trust.anchors.map(({ name, certificate }) => ({ name, role: 'anchor' as const, certificate })),
    ...trust.intermediates.map(({ name, certificate }) => ({
      name,
      role: 'intermediate' as const,
      certificate,
    })),
  ];
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (thrown) {
    throw new PortreeveError('PDP_CONFIG_INVALID', `cannot read ${file}: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  }
}
