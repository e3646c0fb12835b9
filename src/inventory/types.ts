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
  readonly certificates: readonly string[];
  /** SHA-256 (hex) of SubjectPublicKeyInfo bound to the device. */
  readonly keys: readonly string[];
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
   * the first ones. Call within one `store.snapshot`.
   */
  holders(tenant: string, keyDigest: string): readonly string[];
}

/** By what a presented certificate held as this device's. */
export type Binding = 'certificate' | 'key' | 'issuer' | 'none';
