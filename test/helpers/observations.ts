import type { Observation } from '../../src/inventory/observed/types.ts';

/** What an allowed connection of one meter shows; `key` and `fingerprint` are the certificate's. */
export function someObservation({
  key = '33'.repeat(32),
  fingerprint = '22'.repeat(32),
  ...changes
}: Partial<Observation> & { readonly key?: string; readonly fingerprint?: string } = {}): Observation {
  return {
    tenant: 'default',
    device_id: 'meter-1',
    at: 1_000_000,
    allowed: true,
    gateway: 'edge',
    network: '10.20.0.0/24',
    certificate: { fingerprint, key, issuer_key: '44'.repeat(32), serial: '0a1b', not_after: 9_000_000 },
    firmware: null,
    ...changes,
  };
}
