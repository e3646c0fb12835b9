import { isUtf8 } from 'node:buffer';
import { valueEnd } from '../json-bytes.ts';

/*
 * The records of decisions are RFC 8785 text: members stand in order, once each, and texts that need no escape have none.
 * The few members that fields are read from are found in these bytes without a value being made of all the others.
 */

/** What is found in a record: begin and end of each text, in the order of this list. */
const slots = [
  ...([
    'assurance',
    'class',
    'connection_id',
    'decision_id',
    'device_id',
    'door',
    'attestation_firmware',
  ] as const),
  ...([
    'claimed_firmware',
    'facts_request',
    'source_ip',
    'firmware',
    'facts_gateway',
    'gateway',
    'issuer',
  ] as const),
  ...([
    'issuer_key',
    'key',
    'kind',
    'leaf',
    'outcome',
    'owner',
    'pep',
    'request_id',
    'serial',
    'site',
  ] as const),
  ...(['tenant', 'time', 'trace_id', 'bundle'] as const),
] as const;
export type SlotName = (typeof slots)[number];
type Slot = number;

export function slotOf(name: SlotName): Slot {
  return slots.indexOf(name);
}

/** Members of an object that are looked at, in canonical order, and what is to be done with each. */
interface Shape {
  readonly names: readonly Uint8Array[];
  /** The first byte of each name. */
  readonly letters: Uint8Array;
  readonly members: readonly Member[];
}

type Member = { readonly slot: Slot; readonly shape?: Shape } | 'reasons' | 'unusual';

const text = (name: SlotName): Member => ({ slot: slotOf(name) });
const within = (shape: Shape): Member => ({ slot: -1, shape });

function shapeOf(members: Readonly<Record<string, Member>>): Shape {
  const names = Object.keys(members).sort();
  const bytes = names.map((name) => Buffer.from(name));
  return {
    names: bytes,
    letters: Uint8Array.from(bytes, ([first = 0]) => first),
    members: names.map((name) => members[name] as Member),
  };
}

const reasonCode = slots.length;
const reasonShape = shapeOf({ code: { slot: reasonCode } });

const facts = shapeOf({
  attestation: within(shapeOf({ firmware_hash: text('attestation_firmware') })),
  connection: within(
    shapeOf({
      claims: within(shapeOf({ firmware_hash: text('claimed_firmware') })),
      request_id: text('facts_request'),
      source_ip: text('source_ip'),
    }),
  ),
  firmware: within(shapeOf({ firmware_hash: text('firmware') })),
  gateway: within(shapeOf({ id: text('facts_gateway') })),
});

const plainTexts: readonly SlotName[] = [
  ...([
    'assurance',
    'class',
    'connection_id',
    'decision_id',
    'device_id',
    'door',
    'gateway',
    'issuer',
  ] as const),
  ...(['issuer_key', 'key', 'kind', 'leaf', 'outcome', 'owner', 'request_id', 'serial', 'site'] as const),
  ...(['tenant', 'time', 'trace_id'] as const),
];

const record = shapeOf({
  ...Object.fromEntries(plainTexts.map((name) => [name, text(name)])),
  // Of a record with one of these more is to be looked at than is done here.
  ...Object.fromEntries(['act', 'network', 'redacted'].map((name) => [name, 'unusual' as const])),
  facts: within(facts),
  pep: { slot: slotOf('pep'), shape: shapeOf({ name: text('pep') }) },
  reasons: 'reasons',
  versions: within(shapeOf({ bundle: text('bundle') })),
});

const [quote, comma, colon, backslash, space] = [34, 44, 58, 92, 32];
const [openList, closeList, openObject, closeObject] = [91, 93, 123, 125];

/** Finds the texts of a record of a decision. One for each that reads: it holds what was found last. */
export class RecordScanner {
  /** Begin of the text of a slot, or −1 where there is none; its end. */
  readonly from = new Int32Array(slots.length);
  readonly to = new Int32Array(slots.length);
  /** Begin and end of each reason's code. */
  readonly reasons: number[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  /** All bits that any byte of the last text has. */
  #highest = 0;

  /**
   * Answers whether the entry is a record of which all was found that any field reads; of any other nothing can be said.
   * What no field reads is passed over, and is JSON all the same: what is none is no record to whoever reads it.
   */
  scan(bytes: Uint8Array, from: number, to: number): boolean {
    this.#bytes = bytes;
    this.#at = from + 1;
    this.#end = to;
    this.from.fill(-1);
    this.reasons.length = 0;
    return bytes[from] === openObject && this.#object(record) && this.#at === to && this.reasons.length > 0;
  }

  /** Behind its begin. Members must ascend: one that stands anywhere else could be overlooked, or be there twice. */
  #object(shape: Shape): boolean {
    const bytes = this.#bytes;
    if (bytes[this.#at] === closeObject) {
      this.#at += 1;
      return true;
    }
    const { names, letters, members } = shape;
    let next = 0;
    for (;;) {
      const from = this.#at + 1;
      if (bytes[this.#at] !== quote || !this.#text()) return false;
      const to = this.#at - 1;
      if (bytes[this.#at] !== colon) return false;
      this.#at += 1;
      // Most names are told from others by their first letter.
      const letter = bytes[from] as number;
      let order = 1;
      for (; next < names.length; next += 1) {
        order = letter - (letters[next] as number);
        if (order === 0) order = compare(bytes, from, to, names[next] as Uint8Array);
        if (order <= 0) break;
      }
      if (order === 0) {
        if (!this.#member(members[next] as Member)) return false;
        next += 1;
      } else {
        const before = next - 1;
        if (before >= 0 && letter <= (letters[before] as number))
          if (compare(bytes, from, to, names[before] as Uint8Array) <= 0) return false;
        if (!this.#pass()) return false;
      }
      const behind = bytes[this.#at];
      this.#at += 1;
      if (behind === closeObject) return this.#at <= this.#end;
      if (behind !== comma) return false;
    }
  }

  #member(member: Member): boolean {
    if (member === 'unusual') return false;
    if (member === 'reasons') return this.#reasons();
    const begin = this.#bytes[this.#at];
    if (begin === quote && member.slot >= 0) return this.#slot(member.slot);
    if (begin !== openObject || !member.shape) return this.#pass();
    this.#at += 1;
    return this.#object(member.shape);
  }

  #slot(slot: Slot): boolean {
    const from = this.#at + 1;
    if (!this.#text()) return false;
    // What is no UTF-8 is read as other text than it is.
    if (this.#highest > 127 && !isUtf8(this.#bytes.subarray(from, this.#at - 1))) return false;
    if (slot === reasonCode) {
      this.reasons.push(from, this.#at - 1);
    } else {
      this.from[slot] = from;
      this.to[slot] = this.#at - 1;
    }
    return true;
  }

  #reasons(): boolean {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== openList || bytes[this.#at + 1] === closeList) return false;
    for (;;) {
      this.#at += 1;
      const begin = bytes[this.#at];
      if (begin === openObject) {
        this.#at += 1;
        if (!this.#object(reasonShape)) return false;
      } else if (begin !== quote || !this.#slot(reasonCode)) return false;
      const behind = bytes[this.#at];
      if (behind === comma) continue;
      this.#at += 1;
      return behind === closeList;
    }
  }

  /** A text that stands as it is, from its quotation mark to behind the other. */
  #text(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at + 1;
    let bits = 0;
    for (; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte === quote) {
        this.#at = at + 1;
        this.#highest = bits;
        return true;
      }
      if (byte === backslash || byte < space) return false;
      bits |= byte;
    }
    return false;
  }

  /** Over a value; false where it is not written as records are: whoever parses it says what it is. */
  #pass(): boolean {
    const at = valueEnd(this.#bytes, this.#at, this.#end);
    if (at < 0) return false;
    this.#at = at;
    return at < this.#end;
  }
}

/** How a name in the bytes stands to another: below, above or equal to zero. */
function compare(bytes: Uint8Array, from: number, to: number, name: Uint8Array): number {
  const length = Math.min(to - from, name.byteLength);
  for (let place = 0; place < length; place += 1) {
    const difference = (bytes[from + place] as number) - (name[place] as number);
    if (difference !== 0) return difference;
  }
  return to - from - name.byteLength;
}
