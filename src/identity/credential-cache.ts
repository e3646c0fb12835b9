import { LRUCache } from 'lru-cache';
import type { KeptStats } from '../lib/kept.ts';
import type { ResolvedCredential } from './types.ts';

/** Most that the good credentials of one cache may take, by `weightOf`: about 8,500 usual leaves. */
const mostBytes = 44 * 1024 * 1024;
/** Refused ones get this part of entries and bytes. */
const refusedPart = 1 / 10;

/** What an entry takes without its certificates: findings, identity, keys. */
const entryBytes = 1024;
/** What one certificate takes once it is read, whatever its length. */
const certificateBytes = 3584;
/** Up to here `certificateBytes` covers what reading makes of the DER. */
const usualDer = 2048;
/** Beyond it: bytes of memory for a byte of DER, where a certificate is all tiny names or extensions. */
const worstFactor = 16;

export interface CredentialCacheLimits {
  readonly maxEntries: number;
  /** Bytes by `weightOf`; 44 MiB by default. */
  readonly maxBytes?: number;
}

export interface CredentialCache {
  get(key: string): ResolvedCredential | undefined;
  /** Keeps what was worked out because `get` did not have it. */
  set(key: string, resolved: ResolvedCredential): void;
  /** How both parts stand: `credentials` and `refused_credentials`. What was not there is a miss of the part that it goes to. */
  stats(): readonly KeptStats[];
}

interface Part {
  readonly kept: LRUCache<string, ResolvedCredential>;
  readonly counts: { hits: number; misses: number; evictions: number };
  stats(): KeptStats;
}

/**
 * Two LRUs, each bounded by entries and by bytes: one for credentials with a path to an anchor, and a small one for
 * all others. Anybody can make certificates that are refused, as many and as long as the limits allow: they must
 * neither push out those of the fleet nor take the memory. `configured` has the SHA-256 of the certificates that are
 * held anyway.
 */
export function createCredentialCache(
  { maxEntries, maxBytes = mostBytes }: CredentialCacheLimits,
  configured: ReadonlySet<string>,
): CredentialCache {
  const part = (name: string, share: number): Part => {
    const counts = { hits: 0, misses: 0, evictions: 0 };
    const kept = new LRUCache<string, ResolvedCredential>({
      max: Math.ceil(maxEntries * share),
      maxSize: Math.ceil(maxBytes * share),
      sizeCalculation: (resolved) => weightOf(resolved, configured),
      dispose: (_resolved, _key, reason) => {
        if (reason === 'evict') counts.evictions += 1;
      },
    });
    const stats = (): KeptStats => ({
      ...{ name, entries: kept.size, bound: kept.max },
      bytes: { held: kept.calculatedSize, bound: kept.maxSize },
      ...counts,
    });
    return { kept, counts, stats };
  };
  const [good, refused] = [part('credentials', 1), part('refused_credentials', refusedPart)];
  return {
    get: (key) => {
      for (const { kept, counts } of [good, refused]) {
        const known = kept.get(key);
        if (known === undefined) continue;
        counts.hits += 1;
        return known;
      }
      return undefined;
    },
    set: (key, resolved) => {
      const { kept, counts } = resolved.paths.length > 0 ? good : refused;
      counts.misses += 1;
      kept.set(key, resolved);
    },
    stats: () => [good.stats(), refused.stats()],
  };
}

/** About how many bytes of memory a resolved credential holds on to; rather too many than too few. */
function weightOf({ leaf, paths }: ResolvedCredential, configured: ReadonlySet<string>): number {
  const held = new Map<string, number>();
  for (const { fingerprint, der } of [
    ...(leaf ? [leaf] : []),
    ...paths.flatMap((path) => path.certificates),
  ]) {
    if (!configured.has(fingerprint)) held.set(fingerprint, certificateWeight(der.length));
  }
  return held.values().reduce((sum, weight) => sum + weight, entryBytes);
}

function certificateWeight(der: number): number {
  return certificateBytes + der + worstFactor * Math.max(0, der - usualDer);
}
