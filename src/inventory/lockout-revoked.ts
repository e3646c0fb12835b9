import type { Store } from '../store/types.ts';
import type { Lockout } from './lockout-limit.ts';
import { LockoutTally } from './lockout-tally.ts';

/** Entries of a CRL that are staged, and whose they are. */
export interface StagedRevocations {
  /** SHA-256 (hex) of the key that signed it. */
  readonly issuerKey: string;
  readonly generation: number;
}

const rowsSql = `
  SELECT DISTINCT d.tenant, d.device_id, d.class, json_extract(d.body, '$.site') AS site
  FROM revoked r
  CROSS JOIN seen_certificates s ON s.serial = lower(hex(r.serial)) AND s.issuer_key = ?1
  CROSS JOIN devices d ON d.tenant = s.tenant AND d.device_id = s.device_id AND d.status = 'active'
  CROSS JOIN generations g ON g.generation = d.generation AND g.state = 'visible'
  WHERE r.generation = ?2 AND r.reason <> 8
    AND NOT EXISTS (
      SELECT 1 FROM crls c CROSS JOIN revoked o ON o.generation = c.generation AND o.serial = r.serial
      WHERE c.issuer_key = ?3 AND o.reason <> 8)
    AND NOT EXISTS (
      SELECT 1 FROM seen_certificates n
      WHERE n.tenant = s.tenant AND n.device_id = s.device_id AND n.last_seen > s.last_seen)`;

/**
 * Counts the active devices whose certificate a staged CRL revokes (not: 8, removeFromCRL) that no CRL of the same
 * signer revokes yet. A device's certificate is the one that it was seen with last: of one that was replaced the
 * revocation keeps nobody out. `total_active` is left to the caller.
 */
export function countRevoked(store: Store, { issuerKey, generation }: StagedRevocations): Lockout {
  return store.snapshot(() => {
    const tally = new LockoutTally();
    const rows = store.prepare<{ class: string; site: string | null }>(rowsSql);
    for (const row of rows.iterate(Buffer.from(issuerKey, 'hex'), generation, issuerKey)) {
      tally.add(row.class, row.site);
    }
    return {
      kept_out: tally.devices,
      total_active: null,
      by_class: tally.byClass(),
      by_site: tally.bySite(),
      certainty: 'at_least',
      unknown: ['devices that were not seen with their certificates'],
    };
  });
}

/** Whether a staged CRL revokes a serial number (hex) that no CRL of the same signer revokes yet. */
export function isNewlyRevoked(store: Store, staged: StagedRevocations, serial: string): boolean {
  const { issuerKey, generation } = staged;
  const found = store
    .prepare(
      `SELECT 1 FROM revoked r WHERE r.generation = ? AND r.serial = ? AND r.reason <> 8
         AND NOT EXISTS (
           SELECT 1 FROM crls c CROSS JOIN revoked o ON o.generation = c.generation AND o.serial = r.serial
           WHERE c.issuer_key = ? AND o.reason <> 8)`,
    )
    .get(generation, Buffer.from(serial, 'hex'), issuerKey);
  return found !== undefined;
}
