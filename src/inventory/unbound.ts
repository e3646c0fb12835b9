import type { EpochMs } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';
import { judgeBinding, type Bindings } from './binding.ts';
import { windowOf } from './binding-fields.ts';
import { decodeDraft, type DeviceContent } from './device-rows.ts';

/** Classes that ask for more than the right CA, by name: their devices come in only with what their records bind. */
export type BoundClasses = ReadonlyMap<string, 'certificate' | 'key'>;

/** The classes of a configuration that ask for more than the right CA. */
export function boundClasses(
  classes: Readonly<Record<string, { readonly binding: 'certificate' | 'key' | 'issuer' }>>,
): BoundClasses {
  return new Map(
    Object.entries(classes).flatMap(([name, { binding }]) => (binding === 'issuer' ? [] : [[name, binding]])),
  );
}

const ranks = { ended: 0, none: 0, issuer: 0, key: 1, certificate: 2 } as const;

type Seen = { readonly fingerprint: string; readonly key: string; readonly serial: string };

/**
 * Answers whether a change takes from a device the certificate that it was last seen with; of one that was never seen,
 * everything that was bound. A file without the column of certificates would else keep out a fleet, and nobody be told.
 * Issuers that records name by their configured names are taken for that of the certificate, since no configuration is
 * at hand here.
 */
export function createUnboundCheck(
  store: Store,
  {
    tenant,
    now,
    classes,
  }: { readonly tenant: string; readonly now: EpochMs; readonly classes: BoundClasses },
): (deviceId: string, before: DeviceContent, after: DeviceContent) => boolean {
  const last = store.prepare<Seen>(
    `SELECT lower(hex(fingerprint)) AS fingerprint, lower(hex(key)) AS key, serial FROM seen_certificates
     WHERE tenant = ? AND device_id = ? ORDER BY last_seen DESC, fingerprint LIMIT 1`,
  );
  return (deviceId, before, after) => {
    const needed = classes.get(after.class);
    if (needed === undefined) return false;
    const [from, to] = [before, after].map((row) => decodeDraft({ ...row, device_id: deviceId }));
    if (from === undefined || to === undefined || bindingsText(from) === bindingsText(to)) return false;
    const seen = last.get(tenant, deviceId);
    const holds = (record: Bindings): boolean =>
      seen ? holdsSeen(record, seen, needed, now) : holdsAny(record, needed, now);
    return holds(from) && !holds(to);
  };
}

function bindingsText({ certificates, keys, issued = [] }: Bindings): string {
  return JSON.stringify([certificates, keys, issued]);
}

function holdsSeen(record: Bindings, seen: Seen, needed: 'certificate' | 'key', now: EpochMs): boolean {
  const issuer = '-';
  const issued = (record.issued ?? []).map((one) => ({ ...one, issuer }));
  const leaf = {
    fingerprint: seen.fingerprint,
    keyDigest: seen.key,
    serial: seen.serial,
    issuer,
    issuerKey: null,
  };
  return ranks[judgeBinding({ ...record, issued }, leaf, [], now).binding] >= ranks[needed];
}

function holdsAny(
  { certificates, keys, issued = [] }: Bindings,
  needed: 'certificate' | 'key',
  now: EpochMs,
): boolean {
  const counting = [...certificates, ...issued, ...(needed === 'key' ? keys : [])];
  return counting.some((bound) => now < (windowOf(bound).until ?? Infinity));
}
