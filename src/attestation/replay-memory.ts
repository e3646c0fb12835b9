import { LRUCache } from 'lru-cache';
import type { EpochMs } from '../lib/clock.ts';
import type { KeptStats } from '../lib/kept.ts';

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
  /** How it stands: `attestation_results` by whose each was, `attestation_devices` by the newest of each. */
  stats(): readonly KeptStats[];
}

/**
 * Remembers the uses that this process saw, the latest `entries` of them. Several processes and restarts are told apart
 * by nobody here: what a decision noted is in its record.
 */
export function createAttestationUses(entries = 20_000): AttestationUses {
  const owners = counted<string>('attestation_results', entries);
  const newest = counted<EpochMs>('attestation_devices', entries);
  return {
    ownerOf: (statement) => owners.look(statement),
    newestOf: (device, verifier) => newest.look(`${verifier}\0${device}`),
    note: ({ device, verifier, statement, issuedAt }) => {
      // The first one that it was bound to keeps it.
      if (!owners.kept.has(statement)) owners.kept.set(statement, device);
      const key = `${verifier}\0${device}`;
      newest.kept.set(key, Math.max(issuedAt, newest.kept.get(key) ?? 0));
    },
    stats: () => [owners.stats(), newest.stats()],
  };
}

interface Counted<Value extends string | number> {
  readonly kept: LRUCache<string, Value>;
  /** What is kept under a key; counted as found or not. */
  look(key: string): Value | undefined;
  stats(): KeptStats;
}

function counted<Value extends string | number>(name: string, max: number): Counted<Value> {
  const counts = { hits: 0, misses: 0, evictions: 0 };
  const kept = new LRUCache<string, Value>({
    max,
    dispose: (_value, _key, reason) => {
      if (reason === 'evict') counts.evictions += 1;
    },
  });
  return {
    kept,
    look: (key) => {
      const found = kept.get(key);
      counts[found === undefined ? 'misses' : 'hits'] += 1;
      return found;
    },
    stats: () => ({ name, entries: kept.size, bound: kept.max, ...counts }),
  };
}
