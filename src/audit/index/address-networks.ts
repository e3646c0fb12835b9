import { recordNetworks } from '../query/networks.ts';
import { countedPlace } from './counted.ts';

/** Most networks of an address. */
export const mostNetworks = 4;
const [dot, zero, nine] = [46, 48, 57];
const prefixes = ['/32', '/24', '/16', '/8'].map((text) => Buffer.from(text));

/** The networks of addresses as texts in bytes: an instance holds those of the last one. */
export class AddressNetworks {
  readonly bytes = new Uint8Array(256);
  readonly from = new Int32Array(mostNetworks);
  readonly to = new Int32Array(mostNetworks);
  count = 0;
  /** Place of the one that records are counted under. */
  counted = 0;
  #end = 0;
  /** Where each part of an address ends. */
  readonly #ends = new Int32Array(4);

  /** `recordNetworks` of the address in these bytes. */
  find(bytes: Uint8Array, from: number, to: number): void {
    this.count = 0;
    this.#end = 0;
    if (this.#findV4(bytes, from, to)) return;
    const networks = recordNetworks(Buffer.from(bytes.subarray(from, to)).toString());
    for (const network of networks) this.#add(Buffer.from(network));
    this.counted = countedPlace('network', networks);
  }

  #add(network: Uint8Array): void {
    this.from[this.count] = this.#end;
    this.bytes.set(network, this.#end);
    this.#end += network.byteLength;
    this.to[this.count] = this.#end;
    this.count += 1;
  }

  /** False for all but four plain numbers with dots between. */
  #findV4(bytes: Uint8Array, from: number, to: number): boolean {
    let [parts, begin] = [0, from];
    for (let at = from; at <= to; at += 1) {
      if (at < to && bytes[at] !== dot) continue;
      if (parts === 4 || !isByte(bytes, begin, at)) return false;
      this.#ends[parts++] = at;
      begin = at + 1;
    }
    if (parts !== 4) return false;
    for (let kept = 4; kept > 0; kept -= 1) this.#addV4(bytes, from, kept);
    this.counted = 1;
    return true;
  }

  /** The network of the first parts of the address; the others are zero. */
  #addV4(bytes: Uint8Array, from: number, kept: number): void {
    const own = this.bytes;
    const upTo = this.#ends[kept - 1] as number;
    const prefix = prefixes[4 - kept] as Uint8Array;
    let end = this.#end;
    this.from[this.count] = end;
    for (let at = from; at < upTo; at += 1) own[end++] = bytes[at] as number;
    for (let part = kept; part < 4; part += 1) {
      own[end++] = dot;
      own[end++] = zero;
    }
    for (let at = 0; at < prefix.byteLength; at += 1) own[end++] = prefix[at] as number;
    this.#end = end;
    this.to[this.count] = end;
    this.count += 1;
  }
}

/** A number of at most 255 as it is written. */
function isByte(bytes: Uint8Array, from: number, to: number): boolean {
  if (to === from || to - from > 3 || (bytes[from] === zero && to - from > 1)) return false;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = bytes[at] as number;
    if (digit < zero || digit > nine) return false;
    value = value * 10 + digit - zero;
  }
  return value <= 255;
}
