import type { SqlValue, Store } from '../../store/types.ts';
import type { KeyUse, ObservedReader, SeenCertificate, SeenFirmware } from './types.ts';

interface CertificateRow extends Record<string, SqlValue> {
  readonly fingerprint: Uint8Array;
  readonly key: Uint8Array;
  readonly issuer_key: Uint8Array | null;
  readonly serial: string;
  readonly not_after: number;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly gateway: string;
  readonly network: string | null;
}

interface FirmwareRow extends Record<string, SqlValue> {
  readonly product: string;
  readonly version: string;
  readonly firmware_hash: string;
  readonly attested: number;
  readonly seen_at: number;
}

interface UseRow extends Record<string, SqlValue> {
  readonly gateway: string;
  readonly network: string;
  readonly device_id: string;
  readonly last_used: number;
}

/** Reads what was learnt straight from the store: one look-up a call, nothing remembered. */
export function createObservedReader(store: Store): ObservedReader {
  const certificates = store.prepare<CertificateRow>(
    `SELECT fingerprint, key, issuer_key, serial, not_after, first_seen, last_seen, gateway, network
      FROM seen_certificates WHERE tenant = ? AND device_id = ? ORDER BY last_seen DESC, fingerprint`,
  );
  const firmware = store.prepare<FirmwareRow>(
    `SELECT product, version, firmware_hash, attested, seen_at
      FROM seen_firmware WHERE tenant = ? AND device_id = ? ORDER BY product, attested`,
  );
  const uses = store.prepare<UseRow>(
    `SELECT gateway, network, device_id, last_used
      FROM shared_uses WHERE tenant = ? AND key = ? ORDER BY last_used, gateway, network, device_id`,
  );
  return {
    certificatesSeen: (tenant, deviceId) => certificates.all(tenant, deviceId).map(certificateOf),
    highestFirmware: (tenant, deviceId) => firmware.all(tenant, deviceId).map(firmwareOf),
    sharedUse: (tenant, key) => uses.all(tenant, Buffer.from(key, 'hex')).map(useOf),
  };
}

function certificateOf(row: CertificateRow): SeenCertificate {
  return {
    fingerprint: hex(row.fingerprint),
    key: hex(row.key),
    issuer_key: row.issuer_key && hex(row.issuer_key),
    serial: row.serial,
    not_after: row.not_after,
    first_seen: row.first_seen,
    last_seen: row.last_seen,
    gateway: row.gateway,
    network: row.network,
  };
}

function firmwareOf({ attested, ...row }: FirmwareRow): SeenFirmware {
  const { product, version, firmware_hash, seen_at } = row;
  return { product, version, firmware_hash, attested: attested === 1, seen_at };
}

function useOf({ gateway, network, device_id, last_used }: UseRow): KeyUse {
  return { gateway, network: network === '' ? null : network, device_id, last_used };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
