import type { EpochMs } from '../../lib/clock.ts';

/** A certificate that a device proved itself with in an allowed connection. */
export interface SeenCertificate {
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint: string;
  /** SHA-256 of SubjectPublicKeyInfo, hex. */
  readonly key: string;
  /** SHA-256 of the issuer's SubjectPublicKeyInfo, hex; null where the certificate is its own anchor. */
  readonly issuer_key: string | null;
  /** Hex, as certificates have it. */
  readonly serial: string;
  readonly not_after: EpochMs;
  readonly first_seen: EpochMs;
  /** Exact to `observed.interval`: a sight that soon after another is not written. */
  readonly last_seen: EpochMs;
  /** The gateway that it was seen by last, else the enforcement point. */
  readonly gateway: string;
  /** CIDR of the network that it was seen from last; null where the address was not told. */
  readonly network: string | null;
}

/** The highest firmware version of one product that a device is known to have run. */
export interface SeenFirmware {
  readonly product: string;
  readonly version: string;
  /** Lower-case hex. */
  readonly firmware_hash: string;
  /** By a verified attestation result; else claimed in a connection that was allowed. */
  readonly attested: boolean;
  readonly seen_at: EpochMs;
}

/** One place that a key was used from, and by whom. */
export interface KeyUse {
  readonly gateway: string;
  readonly network: string | null;
  readonly device_id: string;
  readonly last_used: EpochMs;
}

/** What one decision was about, whose identity was proved: what is learnt from it. */
export interface Observation {
  readonly tenant: string;
  readonly device_id: string;
  readonly at: EpochMs;
  /** It is a gateway's that spoke for another device: a sight of its certificate, and no use of a device's key. */
  readonly vouching?: true;
  /** The decision was an allow: what it rests on counts as the device's own. */
  readonly allowed: boolean;
  readonly gateway: string;
  readonly network: string | null;
  readonly certificate: Pick<SeenCertificate, 'fingerprint' | 'key' | 'issuer_key' | 'serial' | 'not_after'>;
  /** Of a known product and version; null where neither is known. */
  readonly firmware: Pick<SeenFirmware, 'product' | 'version' | 'firmware_hash' | 'attested'> | null;
}

/** A key that was used in more than one place, or by more than one device: its latest uses, oldest first. */
export interface SharedKey {
  readonly tenant: string;
  readonly key: string;
  readonly uses: readonly KeyUse[];
}

/** What decisions have learnt. Reads are synchronous; call within one `store.snapshot`. Throws PDP_STORE_UNAVAILABLE. */
export interface ObservedReader {
  /** By last sight, latest first; at most `observed.certificates_per_device`. */
  certificatesSeen(tenant: string, deviceId: string): readonly SeenCertificate[];
  /** In the order of products: of each what was claimed, then what was measured. */
  highestFirmware(tenant: string, deviceId: string): readonly SeenFirmware[];
  /**
   * Uses of a key (SHA-256 of SubjectPublicKeyInfo, hex) that was lately used in several places or by several devices,
   * oldest first; empty for any other key.
   */
  sharedUse(tenant: string, keyDigest: string): readonly KeyUse[];
}
