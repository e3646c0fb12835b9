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
    const { entries, key } = this.#placeOf(kind, value, true);
    const there = entries?.get(key) ?? [];
    if (!entries || there.some(({ id }) => id === entry.id)) return;
    entries.set(key, [...there, entry]);
    this.#size += 1;
  }

  remove(kind: HoldKind, value: string, id: string): void {
    const { entries, key } = this.#placeOf(kind, value, false);
    const there = entries?.get(key) ?? [];
    const left = there.filter((entry) => entry.id !== id);
    this.#size -= there.length - left.length;
    if (left.length === 0) entries?.delete(key);
    else entries?.set(key, left);
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

  #placeOf(kind: HoldKind, value: string, make: boolean) {
    if (kind !== 'network') {
      const entries = this.#values.get(kind) ?? new Map<string, readonly HoldEntry[]>();
      if (make) this.#values.set(kind, entries);
      return { entries, key: value };
    }
    const network = parseNetwork(value);
    if (!network) return { entries: undefined, key: value };
    const { bits, prefix, base } = network;
    const length = this.#networks.get(`${bits}/${prefix}`) ?? { bits, prefix, entries: new Map() };
    if (make) this.#networks.set(`${bits}/${prefix}`, length);
    return { entries: length.entries, key: String(base) };
  }
}

interface NetworksOfLength {
  readonly bits: number;
  readonly prefix: number;
  readonly entries: Map<string, readonly HoldEntry[]>;
}

const none: readonly HoldEntry[] = [];
