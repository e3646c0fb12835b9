import type { Config } from '../../config/types.ts';
import type { Certificate, TrustSet } from '../../identity/types.ts';
import type { SeenCertificate } from '../../inventory/observed/types.ts';
import type { BoundDigest, DeviceRecord } from '../../inventory/types.ts';
import type { EpochMs } from '../../lib/clock.ts';

const day = 86_400_000;

/** Seconds of life of a certificate whose class sets no bound: a quarter of a year. */
const usualLifetime = 90 * 86_400;

/**
 * The certificate of a device that was never seen with one: what its record binds, as far as the record knows it, or where
 * every certificate of the class's CAs counts, one of these; in the middle of the longest life that the class lets it have,
 * by the CA that the record or else the class names. Undefined where neither is so, or no such CA is configured.
 */
export function boundCertificate(
  device: DeviceRecord,
  { classes }: Pick<Config, 'classes'>,
  trust: TrustSet,
  now: EpochMs,
): SeenCertificate | undefined {
  const [issued] = device.issued ?? [];
  const [certificate] = device.certificates;
  const [key] = device.keys;
  const rules = Object.hasOwn(classes, device.class) ? classes[device.class] : undefined;
  const isBound = issued !== undefined || certificate !== undefined || key !== undefined;
  if (!isBound && (rules?.binding !== 'issuer' || rules.issuers.length === 0)) return undefined;
  const issuer = namedAuthority(
    [issued?.issuer, ...(rules?.issuers ?? []), ...(rules?.anchors ?? [])],
    trust,
  );
  if (!issuer) return undefined;
  const life = (rules?.max_lifetime_s ?? usualLifetime) * 1000;
  return {
    fingerprint: certificate === undefined ? '0'.repeat(64) : digestOf(certificate),
    key: key === undefined ? '0'.repeat(64) : digestOf(key),
    issuer_key: issuer.keyDigest,
    // Of no certificate: nothing that a CRL has is taken for it.
    serial: issued?.serial ?? '00',
    first_seen: now - Math.floor(life / 2),
    not_after: now + Math.max(day / 24, Math.floor(life / 2)),
    last_seen: now,
    ...{ gateway: '', network: null },
  };
}

function digestOf(bound: BoundDigest): string {
  return typeof bound === 'string' ? bound : bound.sha256;
}

/** The first of these that is a configured CA, by its name or its key's digest. */
function namedAuthority(
  names: readonly (string | undefined)[],
  { anchors, intermediates }: TrustSet,
): Certificate | undefined {
  const known = [...anchors, ...intermediates];
  for (const name of names) {
    const found = known.find((one) => one.name === name || one.certificate.keyDigest === name);
    if (found) return found.certificate;
  }
  return undefined;
}
