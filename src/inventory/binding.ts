import { sameSerial } from '../identity/compare.ts';
import type { EpochMs } from '../lib/clock.ts';
import { bindingKey, windowOf } from './binding-fields.ts';
import type { Binding, BoundDigest, DeviceRecord, IssuedBinding } from './types.ts';

/** A presented leaf, as far as records may name it. Digests and serial lower-case hex. */
export interface PresentedLeaf {
  readonly fingerprint: string;
  readonly keyDigest: string;
  readonly serial: string;
  /** Configured name of the issuing CA, and SHA-256 of its key; null where it is not known. */
  readonly issuer: string | null;
  readonly issuerKey: string | null;
}

/** How a leaf is bound at a time. */
export interface JudgedBinding {
  readonly binding: Binding;
  /** By what the record names the leaf, in force or not; null where it does not. */
  readonly by: 'certificate' | 'key' | null;
  /** When the binding that holds ends, or the one that is over ended; null where it has no end. */
  readonly until: EpochMs | null;
  /** When a binding begins that is still to come; null where there is none. */
  readonly since: EpochMs | null;
}

/** What a record may say about bindings. */
export type Bindings = Pick<DeviceRecord, 'certificates' | 'keys' | 'issued'>;

/**
 * How a presented leaf is this device's: the record names the certificate, or its key, or the leaf came from a CA (by
 * its configured name) whose certificates count for the device's class. What the record says of this very certificate
 * goes before what it says of its key, and that before the class's CAs: a certificate whose window is over is `ended`,
 * whatever else would bind it, and one whose window is still to come is not bound yet. Whether the binding is strong
 * enough is the class's rule and not judged here.
 */
export function judgeBinding(
  record: Bindings,
  leaf: PresentedLeaf,
  issuers: readonly string[],
  now: EpochMs,
): JudgedBinding {
  const byCertificate = [
    ...named(record.certificates, leaf.fingerprint),
    ...(record.issued ?? []).filter((one) => isIssued(one, leaf)),
  ];
  const judged =
    windowed('certificate', byCertificate, now) ?? windowed('key', named(record.keys, leaf.keyDigest), now);
  if (judged) return judged;
  const counts = leaf.issuer !== null && issuers.includes(leaf.issuer);
  return { binding: counts ? 'issuer' : 'none', by: null, until: null, since: null };
}

/** Whether a record's keys bind a key at a time. */
export function bindsKey(record: Pick<DeviceRecord, 'keys'>, keyDigest: string, now: EpochMs): boolean {
  return named(record.keys, keyDigest).some((bound) => stateOf(bound, now) === 'in_force');
}

const none: readonly BoundDigest[] = Object.freeze([]);

function named(list: readonly BoundDigest[], digest: string): readonly BoundDigest[] {
  if (list.includes(digest)) return [digest];
  // Nearly always there are no windows, and nothing is looked for twice.
  return list.some((bound) => typeof bound !== 'string')
    ? list.filter((bound) => bindingKey(bound) === digest)
    : none;
}

function isIssued(bound: IssuedBinding, { issuer, issuerKey, serial }: PresentedLeaf): boolean {
  return (bound.issuer === issuer || bound.issuer === issuerKey) && sameSerial(bound.serial, serial);
}

/** What the entries that name a leaf say together; undefined without any. */
function windowed(
  by: 'certificate' | 'key',
  entries: readonly (BoundDigest | IssuedBinding)[],
  now: EpochMs,
): JudgedBinding | undefined {
  if (entries.length === 0) return undefined;
  const inForce = entries.filter((bound) => stateOf(bound, now) === 'in_force');
  if (inForce.length > 0) return { binding: by, by, until: lastEnd(inForce), since: null };
  const coming = entries.filter((bound) => stateOf(bound, now) === 'to_come');
  if (coming.length > 0) {
    const since = Math.min(...coming.map((bound) => windowOf(bound).since ?? now));
    return { binding: 'none', by, until: null, since };
  }
  return { binding: 'ended', by, until: lastEnd(entries), since: null };
}

function stateOf(bound: BoundDigest | IssuedBinding, now: EpochMs): 'in_force' | 'to_come' | 'over' {
  const { since, until } = windowOf(bound);
  if (until !== undefined && now >= until) return 'over';
  return since !== undefined && now < since ? 'to_come' : 'in_force';
}

/** Null where one of them has no end. */
function lastEnd(entries: readonly (BoundDigest | IssuedBinding)[]): EpochMs | null {
  const ends = entries.map((bound) => windowOf(bound).until ?? Infinity);
  const last = Math.max(...ends);
  return last === Infinity ? null : last;
}
