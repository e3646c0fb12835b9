import { masked, parseAddress, parseNetwork } from '../../lib/ip-network.ts';
import type { HoldKind } from './types.ts';

/** What has to be known of a hold to tell whether it is in force for a connection. */
export interface HoldEntry {
  readonly id: string;
  /** Infinity where it has no end. */
  readonly until: number;
  /** Infinity where the time of issue does not matter. */
  readonly before: number;
}

/** The holds of one tenant by what they hold. Small: a hundred thousand are some tens of megabytes. */
export class HoldIndex {
  readonly #values = new Map<HoldKind, Map<string, readonly HoldEntry[]>>();
  readonly #networks = new Map<string, NetworksOfLength>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(kind: HoldKind, value: string, entry: HoldEntry): void {
    const place = this.#placeOf(kind, value, true);
    const there = place?.entries.get(place.key) ?? none;
    if (!place || there.some(({ id }) => id === entry.id)) return;
    place.entries.set(place.key, [...there, entry]);
    this.#size += 1;
  }

  remove(kind: HoldKind, value: string, id: string): void {
    const place = this.#placeOf(kind, value, false);
    const there = place?.entries.get(place.key);
    if (!place || !there) return;
    const left = there.filter((entry) => entry.id !== id);
    this.#size -= there.length - left.length;
    if (left.length === 0) place.entries.delete(place.key);
    else place.entries.set(place.key, left);
  }

  /** Entries of one value, whether or not they have ended. */
  of(kind: HoldKind, value: string): readonly HoldEntry[] {
    return this.#values.get(kind)?.get(value) ?? none;
  }

  /** Entries of all networks that an address is within: one look-up for each length of prefix that is held. */
  around(address: string): readonly HoldEntry[] {
    if (this.#networks.size === 0) return none;
    const at = parseAddress(address);
    if (!at) return none;
    const found: HoldEntry[] = [];
    for (const { bits, prefix, entries } of this.#networks.values()) {
      if (bits !== at.bits) continue;
      found.push(...(entries.get(String(masked(at.base, bits, prefix))) ?? none));
    }
    return found;
  }

  #placeOf(kind: HoldKind, value: string, make: boolean): Place | undefined {
    if (kind === 'network') return this.#placeOfNetwork(value, make);
    const entries = this.#values.get(kind) ?? new Map<string, readonly HoldEntry[]>();
    if (make) this.#values.set(kind, entries);
    return { entries, key: value };
  }

  #placeOfNetwork(value: string, make: boolean): Place | undefined {
    const network = parseNetwork(value);
    if (!network) return undefined;
    const { bits, prefix, base } = network;
    const length: NetworksOfLength = this.#networks.get(`${bits}/${prefix}`) ?? {
      bits,
      prefix,
      entries: new Map(),
    };
    if (make) this.#networks.set(`${bits}/${prefix}`, length);
    return { entries: length.entries, key: String(base) };
  }
}

/** Where the entries of one value stand. */
interface Place {
  readonly entries: Map<string, readonly HoldEntry[]>;
  readonly key: string;
}

interface NetworksOfLength {
  readonly bits: number;
  readonly prefix: number;
  readonly entries: Map<string, readonly HoldEntry[]>;
}

const none: readonly HoldEntry[] = [];
