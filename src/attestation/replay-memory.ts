import { LRUCache } from 'lru-cache';
import type { EpochMs } from '../lib/clock.ts';

/** A result that counted as a device's own. */
export interface AttestationUse {
  /** Tenant and id in one. */
  readonly device: string;
  readonly verifier: string;
  /** SHA-256 of what is signed. */
  readonly statement: string;
  readonly issuedAt: EpochMs;
}

/** What is known of the use of results: whose each was, and the newest of each device. */
export interface AttestationUses {
  /** The device whose result this was; undefined where it was not seen. */
  ownerOf(statement: string): string | undefined;
  /** When the newest result of a device by this verifier was issued. */
  newestOf(device: string, verifier: string): EpochMs | undefined;
  note(use: AttestationUse): void;
}

/**
 * Remembers the uses that this process saw, the latest `entries` of them. Several processes and restarts are told apart
 * by nobody here: what a decision noted is in its record.
 */
export function createAttestationUses(entries = 20_000): AttestationUses {
  const owners = new LRUCache<string, string>({ max: entries });
  const newest = new LRUCache<string, EpochMs>({ max: entries });
  return {
    ownerOf: (statement) => owners.get(statement),
    newestOf: (device, verifier) => newest.get(`${verifier}\0${device}`),
    note: ({ device, verifier, statement, issuedAt }) => {
      // The first one that it was bound to keeps it.
      if (!owners.has(statement)) owners.set(statement, device);
      const key = `${verifier}\0${device}`;
      newest.set(key, Math.max(issuedAt, newest.get(key) ?? 0));
    },
  };
}
