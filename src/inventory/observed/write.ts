import type { EpochMs } from '../../lib/clock.ts';
import type { SqlValue, Store } from '../../store/types.ts';
import type { Observation, SharedKey } from './types.ts';

export interface ObservedWriterOptions {
  /** A sight that soon after the last one that was written is not (ms). */
  readonly intervalMs: () => number;
  readonly certificatesPerDevice: () => number;
  /** Whether a version is higher than the one that is known; versions that cannot be compared are not. */
  readonly higher: (version: string, known: string) => boolean;
}

/** Writes what was learnt; the server's parent alone does. */
export interface ObservedWriter {
  /**
   * Writes one observation within the transaction that is open. Answers whether something was learnt that decisions
   * read: a certificate or a firmware version that was not known.
   */
  write(observation: Observation): boolean;
  /** Writes the uses of shared keys within the transaction that is open. */
  writeShared(keys: readonly SharedKey[]): void;
  /** Takes away at most so many rows of each kind that are older. Answers how many. In a transaction of its own. */
  prune(before: EpochMs, limit: number): number;
}

export function createObservedWriter(store: Store, options: ObservedWriterOptions): ObservedWriter {
  const statements = prepare(store);
  return {
    write: (observation) => {
      const certificate = observation.allowed && writeCertificate(observation, statements, options);
      const firmware = writeFirmware(observation, statements, options);
      return certificate || firmware;
    },
    writeShared: (keys) => {
      for (const { tenant, key, uses } of keys) {
        for (const { gateway, network, device_id: id, last_used: at } of uses) {
          statements.shared.run(tenant, bytes(key), gateway, network ?? '', id, at);
        }
      }
    },
    prune: (before, limit) =>
      store.transact(
        () =>
          statements.pruneCertificates.run(before, limit).changes +
          statements.pruneShared.run(before, limit).changes,
      ),
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(store: Store) {
  return {
    seen: store.prepare<{ last_seen: number; same: number } & Record<string, SqlValue>>(
      `SELECT last_seen, fingerprint = ? AS same FROM seen_certificates WHERE tenant = ? AND device_id = ?`,
    ),
    again: store.prepare(
      `UPDATE seen_certificates SET last_seen = ?, gateway = ?, network = ?
        WHERE tenant = ? AND device_id = ? AND fingerprint = ?`,
    ),
    first: store.prepare(
      `INSERT INTO seen_certificates (tenant, device_id, fingerprint, key, issuer_key, serial, not_after,
          first_seen, last_seen, gateway, network)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    tooMany: store.prepare(
      `DELETE FROM seen_certificates WHERE tenant = ?1 AND device_id = ?2 AND fingerprint IN
        (SELECT fingerprint FROM seen_certificates WHERE tenant = ?1 AND device_id = ?2
          ORDER BY last_seen DESC, fingerprint LIMIT -1 OFFSET ?3)`,
    ),
    version: store.prepare<{ version: string } & Record<string, SqlValue>>(
      'SELECT version FROM seen_firmware WHERE tenant = ? AND device_id = ? AND product = ? AND attested = ?',
    ),
    firmware: store.prepare(
      `INSERT OR REPLACE INTO seen_firmware (tenant, device_id, product, version, firmware_hash, attested, seen_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    shared: store.prepare(
      `INSERT INTO shared_uses (tenant, key, gateway, network, device_id, last_used) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET last_used = max(last_used, excluded.last_used)`,
    ),
    pruneCertificates: store.prepare(
      `DELETE FROM seen_certificates WHERE (tenant, device_id, fingerprint) IN
        (SELECT tenant, device_id, fingerprint FROM seen_certificates WHERE last_seen < ? ORDER BY last_seen LIMIT ?)`,
    ),
    pruneShared: store.prepare(
      `DELETE FROM shared_uses WHERE (tenant, key, gateway, network, device_id) IN
        (SELECT tenant, key, gateway, network, device_id FROM shared_uses WHERE last_used < ?
          ORDER BY last_used LIMIT ?)`,
    ),
  };
}

/** Answers whether the certificate was not known of the device. */
function writeCertificate(
  { tenant, device_id: id, at, gateway, network, certificate }: Observation,
  statements: Statements,
  { intervalMs, certificatesPerDevice }: ObservedWriterOptions,
): boolean {
  const fingerprint = bytes(certificate.fingerprint);
  // A device has few: of all at once it is also known whether they will be too many.
  const all = statements.seen.all(fingerprint, tenant, id);
  const known = all.find(({ same }) => same === 1);
  if (known) {
    // Either way: a clock that had leapt ahead may have dated the last one.
    if (Math.abs(at - known.last_seen) >= intervalMs())
      statements.again.run(at, gateway, network, tenant, id, fingerprint);
    return false;
  }
  const { key, issuer_key: issuer, serial, not_after: end } = certificate;
  const issuerKey = issuer === null ? null : bytes(issuer);
  statements.first.run(tenant, id, fingerprint, bytes(key), issuerKey, serial, end, at, at, gateway, network);
  if (all.length >= certificatesPerDevice()) statements.tooMany.run(tenant, id, certificatesPerDevice());
  return true;
}

/**
 * A version counts once it ran in a connection that was allowed, or was measured: a mere claim must not raise what a
 * device is held to. What was measured and what was claimed are kept apart.
 */
function writeFirmware(
  { tenant, device_id: id, at, allowed, firmware }: Observation,
  statements: Statements,
  { higher }: ObservedWriterOptions,
): boolean {
  if (firmware === null || !(allowed || firmware.attested)) return false;
  const { product, version, firmware_hash: hash, attested } = firmware;
  const known = statements.version.get(tenant, id, product, attested ? 1 : 0);
  if (known !== undefined && !higher(version, known.version)) return false;
  statements.firmware.run(tenant, id, product, version, hash, attested ? 1 : 0, at);
  return true;
}

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}
