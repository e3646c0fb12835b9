import { parseCertificate } from '../../src/identity/parse.ts';
import { importFirmware } from '../../src/inventory/firmware/import.ts';
import { higherVersion } from '../../src/inventory/firmware/version.ts';
import { importDelegations } from '../../src/inventory/gateways/import.ts';
import { createObservedWriter } from '../../src/inventory/observed/write.ts';
import { formatInstant } from '../../src/lib/clock.ts';
import { writeSourceState } from '../../src/store/source-states.ts';
import type { Store } from '../../src/store/types.ts';
import { fleetTime, leaf, moment } from './case-certificates.ts';
import type { DescribedRow, DescribedSight, DescribedSource } from './case-types.ts';

/** Imports rows of the firmware catalogue as they are described. */
export function addDescribedFirmware(store: Store, rows: readonly DescribedRow[], now: number): void {
  if (rows.length > 0) importFirmware(store, { ...ndjson(rows), ...act(now) });
}

/** Imports delegations to gateways as they are described. */
export function addDescribedDelegations(store: Store, rows: readonly DescribedRow[], now: number): void {
  if (rows.length > 0) importDelegations(store, { ...ndjson(rows), ...act(now) });
}

/** Writes what a server's parent has learnt from earlier decisions. */
export async function addDescribedSights(store: Store, sights: readonly DescribedSight[]): Promise<void> {
  const writer = createObservedWriter(store, {
    intervalMs: () => 0,
    certificatesPerDevice: () => 8,
    higher: higherVersion,
  });
  for (const { certificate, device_id, at, firmware } of sights) {
    const { fingerprint, keyDigest: key, serial, notAfter } = parseCertificate((await leaf(certificate)).der);
    store.transact(() =>
      writer.write({
        ...{ tenant: 'default', device_id, at: moment(at, fleetTime), allowed: firmware?.attested !== true },
        ...{ gateway: 'envoy', network: null },
        certificate: { fingerprint, key, issuer_key: null, serial, not_after: notAfter },
        firmware: firmware ? { firmware_hash: '00'.repeat(32), attested: false, ...firmware } : null,
      }),
    );
  }
}

/** Notes when a background source was last read. */
export function addDescribedSources(store: Store, sources: readonly DescribedSource[]): void {
  for (const { kind, name, location, read } of sources) {
    const at = moment(read, fleetTime);
    const nothing = { etag: null, lastModified: null, digest: null, nextFetch: null, renewBy: null };
    const times = { lastAttempt: at, lastSuccess: at, lastChange: at };
    const rest = { failures: 0, error: null, sequence: null, sequenceDigest: null };
    writeSourceState(store, { kind, name, location, ...nothing, ...times, ...rest });
  }
}

/** Ends are moments of the fleet. */
function ndjson(rows: readonly DescribedRow[]) {
  const lines = rows.map((row) =>
    JSON.stringify(
      Object.fromEntries(
        Object.entries(row).map(([name, value]) =>
          name === 'until' || name === 'grace_until'
            ? [name, formatInstant(moment(value, fleetTime))]
            : [name, value],
        ),
      ),
    ),
  );
  return { bytes: Buffer.from(lines.join('\n')), format: 'ndjson' as const };
}

function act(now: number) {
  return { tenant: 'default', actor: 'operator', why: 'the state of a case', now, source: 'case' };
}
