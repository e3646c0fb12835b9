import type { EpochMs } from '../lib/clock.ts';

export type DeviceStatus =
  'pre_provisioned' | 'active' | 'disabled' | 'quarantined' | 'lost' | 'decommissioned';

export const deviceStatuses: readonly DeviceStatus[] = [
  'pre_provisioned',
  'active',
  'disabled',
  'quarantined',
  'lost',
  'decommissioned',
];

/** From when (included) and until when (not included) something is bound; absent = open on that side. */
export interface BindingWindow {
  readonly since?: EpochMs;
  readonly until?: EpochMs;
}

/** A SHA-256 digest (hex) that is bound without a window, or within one. */
export type BoundDigest = string | ({ readonly sha256: string } & BindingWindow);

/** A certificate by who issued it (configured name of the CA, or SHA-256 of its key in hex) and its serial (hex). */
export interface IssuedBinding extends BindingWindow {
  readonly issuer: string;
  readonly serial: string;
}

/** Where private keys may be kept, as records say it. */
export const keyProtections: readonly string[] = [
  'hsm',
  'secure_element',
  'tpm',
  'tee',
  'software',
  'unknown',
];

/** One device as the inventory knows it. Field names are those of the import file (NDJSON keys, CSV columns). */
export interface DeviceRecord {
  readonly device_id: string;
  readonly status: DeviceStatus;
  readonly class: string;
  readonly owner?: string;
  readonly site?: string;
  readonly tags: readonly string[];
  /** Device serial that claims are compared with, in the form in which the device states it. */
  readonly serial?: string;
  /** SHA-256 fingerprints (hex) of certificates bound to the device. */
  readonly certificates: readonly BoundDigest[];
  /** SHA-256 (hex) of SubjectPublicKeyInfo bound to the device. */
  readonly keys: readonly BoundDigest[];
  /** Certificates bound to the device by issuer and serial; absent = none. */
  readonly issued?: readonly IssuedBinding[];
  /** When a certificate that is valid from before then is to have been renewed. */
  readonly renewal_expected_by?: EpochMs;
  /** SHA-256 (hex) of SubjectPublicKeyInfo of attestation keys: results about such a key are about this device. */
  readonly attestation_keys?: readonly string[];
  /** UEID of the device (RFC 9711 section 4.2.1) as attestation results spell it: base64url. */
  readonly ueid?: string;
  /** Allowed firmware hashes (lower-case hex); empty = the class's list alone counts. */
  readonly firmware: readonly string[];
  /** CIDRs that the device may connect from; empty = the class's list alone counts. */
  readonly networks: readonly string[];
  /** Gateways that may speak for this device. */
  readonly gateways: readonly string[];
  readonly entitlements: readonly string[];
  readonly hardware_model?: string;
  /** Where the device keeps its private key: one of `keyProtections`. */
  readonly key_protection?: string;
  /** Further columns, which configuration may map to custom facts. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Epoch of the change that made this row what it is. */
  readonly epoch: number;
  readonly updated_at: EpochMs;
}

export interface InventoryReader {
  /** Call within one `store.snapshot`. */
  device(tenant: string, deviceId: string): DeviceRecord | undefined;
  /**
   * Ids of the devices whose records bind a key (SHA-256 of SubjectPublicKeyInfo, hex), in their order; of very many
   * the first ones; `now` is the time by which windows are judged. Call within one `store.snapshot`.
   */
  holders(tenant: string, keyDigest: string, now: EpochMs): readonly string[];
}

/** By what a presented certificate held as this device's; `ended`: the record names it, and its time is over. */
export type Binding = 'certificate' | 'key' | 'issuer' | 'none' | 'ended';
