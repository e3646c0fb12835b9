import type { EpochMs } from '../../lib/clock.ts';

/** What can be held; each is a reason `hold.<kind>`. */
export const holdKinds = [
  'device',
  'certificate',
  'key',
  'issuer',
  'firmware',
  'class',
  'gateway',
  'network',
] as const;

export type HoldKind = (typeof holdKinds)[number];

/** One hold as the store has it. Times in milliseconds since 1970. */
export interface Hold {
  readonly hold_id: string;
  readonly tenant: string;
  readonly kind: HoldKind;
  /** Device id, class or gateway as it is; digests lower-case hex (of an issuer: of its key); a network as CIDR. */
  readonly value: string;
  /** As people know it: the configured name of a CA, else the value. */
  readonly name: string;
  /** Of an issuer: only where a certificate under it has an earlier notBefore. */
  readonly issued_before: EpochMs | null;
  readonly who: string;
  readonly why: string;
  readonly since: EpochMs;
  /** When it ends by itself; null = not before it is lifted. */
  readonly until: EpochMs | null;
  /** Active devices that it was worked out to keep out when it was added. */
  readonly kept_out: number;
  readonly lifted_at: EpochMs | null;
  readonly lifted_by: string | null;
  readonly lifted_why: string | null;
  /** Epoch of the change that made it what it is. */
  readonly epoch: number;
}

/** What is known of a connection that a hold may be about; several values where several are. */
export interface HoldQuery {
  readonly tenant: string;
  readonly devices: readonly string[];
  /** SHA-256 fingerprints and key digests of the leaf and of its path, hex. */
  readonly certificates: readonly string[];
  readonly keys: readonly string[];
  /** CAs of the path by their keys' digests, each with the earliest notBefore of what stands below it. */
  readonly issuers: readonly { readonly key: string; readonly earliest: EpochMs }[];
  readonly firmware: readonly string[];
  readonly classes: readonly string[];
  readonly gateways: readonly string[];
  readonly source_ip: string | null;
  readonly now: EpochMs;
}

/** A hold that is in force and what it was about; part of the facts, so it holds values and no references. */
export interface HoldFact {
  readonly epoch: number;
  readonly id: string;
  readonly issued_before: EpochMs | null;
  readonly kind: HoldKind;
  readonly name: string;
  readonly since: EpochMs;
  readonly until: EpochMs | null;
  readonly value: string;
  readonly who: string;
  readonly why: string;
}

export interface HoldReader {
  /** Whether a tenant has any hold that was not lifted. Call within one `store.snapshot`. */
  any(tenant: string): boolean;
  /**
   * Holds of a tenant that are in force at `now` and about this connection, by kind and age. Call within one
   * `store.snapshot`.
   */
  matching(query: HoldQuery): readonly HoldFact[];
}
