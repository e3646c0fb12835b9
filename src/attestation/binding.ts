import type { Finding } from '../lib/reason-code.ts';
import type { Ear } from './ear.ts';
import type { AttestationFact } from './types.ts';

/** The device that presents a result, as far as it is known. Digests are SHA-256 of SubjectPublicKeyInfo, hex. */
export interface Holder {
  /** Tenant and id in one; null where nothing names a device. */
  readonly key: string | null;
  /** Of the key that the device itself proved to hold in its TLS handshake. */
  readonly provedKey: string | null;
  /** Of attestation keys that the inventory links to the device. */
  readonly attestationKeys: readonly string[];
  /** The device's UEID by the inventory, as tokens spell it (base64url). */
  readonly ueid: string | undefined;
  /** Other devices to which the inventory binds a key. */
  readonly othersWith: (keyDigest: string) => readonly string[];
}

export interface AttestationBinding {
  readonly by: AttestationFact['bound_by'];
  readonly findings: readonly Finding[];
}

/**
 * By what a result is the presenting device's. Without that it is a bearer token, which any device could have taken from
 * another. `owner` is the device whose this very result was before.
 */
export function bindingOf(ear: Ear, device: Holder, owner: string | undefined): AttestationBinding {
  const appraisals = [...ear.submods.values()];
  const keys = [...new Set(appraisals.flatMap(({ key }) => key ?? []))];
  const ueids = [...new Set([ear.ueid, ...appraisals.map(({ ueid }) => ueid)])].flatMap((one) => one ?? []);
  const by = boundBy(keys, ueids, device);
  const replays = replayed(keys, device, by, owner);
  if (replays.length > 0) return { by, findings: replays };
  const others = otherDevice(ueids, device);
  if (others.length > 0) return { by, findings: others };
  return { by, findings: by === null ? [notBound(keys, device)] : [] };
}

function boundBy(
  keys: readonly string[],
  ueids: readonly string[],
  device: Holder,
): AttestationBinding['by'] {
  if (device.provedKey !== null && keys.includes(device.provedKey)) return 'certificate_key';
  if (keys.some((key) => device.attestationKeys.includes(key))) return 'attestation_key';
  return device.ueid !== undefined && ueids.includes(device.ueid) ? 'ueid' : null;
}

/** A result that was another device's before, or whose key the inventory binds to another device alone. */
function replayed(
  keys: readonly string[],
  device: Holder,
  by: AttestationBinding['by'],
  owner: string | undefined,
): readonly Finding[] {
  if (owner !== undefined && owner !== device.key) {
    return [
      { code: 'attestation.replayed', detail: { because: 'it was presented for another device before' } },
    ];
  }
  if (by === 'certificate_key' || by === 'attestation_key') return [];
  const key = keys.find((one) => device.othersWith(one).length > 0);
  if (key === undefined) return [];
  const detail = { because: 'its key is that of another device', key, also: device.othersWith(key)[0] ?? '' };
  return [{ code: 'attestation.replayed', detail }];
}

/** The inventory says which UEID the device has, and the result is about another. */
function otherDevice(ueids: readonly string[], device: Holder): readonly Finding[] {
  const other = ueids.find((one) => device.ueid !== undefined && one !== device.ueid);
  if (other === undefined) return [];
  return [{ code: 'attestation.device_mismatch', detail: { ueid: other, expected: device.ueid ?? '' } }];
}

function notBound(keys: readonly string[], { provedKey }: Holder): Finding {
  const [key] = keys;
  const detail = {
    because: key === undefined ? 'it names no key and no device' : 'its key is not linked to this device',
    ...(key !== undefined && { key }),
    ...(provedKey !== null && { certificate_key: provedKey }),
  };
  return { code: 'attestation.key_not_bound', detail };
}
