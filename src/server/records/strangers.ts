import { otherNetworks } from '../../audit/merged.ts';
import type { StrangersConfig } from '../../config/types.ts';
import type { MadeDecision } from '../../decision/types.ts';
import { masked, networkText, parseAddress } from '../../lib/ip-network.ts';

/**
 * Whether a decision keeps out somebody whom nobody has identified: no certificate under a configured anchor names the
 * device, and nobody whose word counts vouches for it. Whoever is let pass all the same is no matter of counts.
 */
export function isStranger({ decision, facts }: MadeDecision): boolean {
  if (decision.outcome !== 'deny' || !decision.enforced) return false;
  return facts === null || facts.subject === null || facts.subject === 'claimed';
}

/** The network that a connection comes from; null where that is not known. */
export function sourceNetwork(
  { facts }: Pick<MadeDecision, 'facts'>,
  { ipv4_prefix: v4, ipv6_prefix: v6 }: StrangersConfig,
): string | null {
  const address = facts?.connection.source_ip;
  const parsed = address === undefined || address === null ? undefined : parseAddress(address);
  if (!parsed) return null;
  const prefix = parsed.bits === 32 ? v4 : v6;
  return networkText({ bits: parsed.bits, prefix, base: masked(parsed.base, parsed.bits, prefix) });
}

interface Bucket {
  tokens: number;
  /** When it was last filled up, monotonic ms. */
  at: number;
}

/** Tells which strangers' denials have records of their own: as many as the rates allow. */
export class StrangerRates {
  readonly #config: StrangersConfig;
  /** Of all that is allowed, this worker's part. */
  readonly #share: number;
  readonly #peps = new Map<string, Bucket>();
  /** In the order of their last use. */
  readonly #networks = new Map<string, Bucket>();

  constructor(config: StrangersConfig, workers: number) {
    this.#config = config;
    this.#share = 1 / workers;
  }

  /** Whether a denial at the monotonic time `now` (ms) has a record of its own. */
  takes(pep: string, network: string | null, now: number): boolean {
    const { rate, burst, pep_rate: pepRate, pep_burst: pepBurst } = this.#config;
    const ofNetwork = this.#bucketOf(`${pep} ${network ?? ''}`, pep, now);
    const ofPep = this.#peps.get(pep) ?? { tokens: pepBurst * this.#share, at: now };
    this.#peps.set(pep, ofPep);
    fill(ofNetwork, rate * this.#share, burst * this.#share, now);
    fill(ofPep, pepRate * this.#share, pepBurst * this.#share, now);
    if (ofNetwork.tokens < 1 || ofPep.tokens < 1) return false;
    ofNetwork.tokens -= 1;
    ofPep.tokens -= 1;
    return true;
  }

  /** Where too many networks are known, one that was silent for long makes room; while none was, the others share one. */
  #bucketOf(key: string, pep: string, now: number): Bucket {
    const known = this.#networks.get(key);
    if (known) {
      this.#networks.delete(key);
      this.#networks.set(key, known);
      return known;
    }
    if (this.#networks.size >= this.#config.networks && !this.#makeRoom(now)) {
      const shared = `${pep} ${otherNetworks}`;
      return this.#networks.get(shared) ?? this.#newBucket(shared, now);
    }
    return this.#newBucket(key, now);
  }

  #newBucket(key: string, now: number): Bucket {
    const bucket = { tokens: this.#config.burst * this.#share, at: now };
    this.#networks.set(key, bucket);
    return bucket;
  }

  #makeRoom(now: number): boolean {
    const [oldest] = this.#networks;
    if (!oldest) return true;
    const [key, bucket] = oldest;
    const { rate, burst } = this.#config;
    if (bucket.tokens + ((now - bucket.at) / 1000) * rate * this.#share < burst * this.#share) return false;
    this.#networks.delete(key);
    return true;
  }
}

function fill(bucket: Bucket, perSecond: number, most: number, now: number): void {
  bucket.tokens = Math.min(most, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond);
  bucket.at = now;
}
