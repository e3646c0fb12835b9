import { limits } from '../../context/limits.ts';
import { Refusal } from '../../context/refusal.ts';
import { notProtobuf } from '../refused-request.ts';

/** Wire types of protobuf's encoding; groups (3 and 4) are not spoken by proto3. */
const wireType = { varint: 0, i64: 1, len: 2, i32: 5 } as const;

/** Tags of the fields that are read and written here: field number × 8 + wire type. */
const tag = {
  /** `DecideBatchRequest.connections` and `DecideBatchResponse.answers`. */
  item: 0x0a,
  /** `DecideBatchResponse.refused`. */
  refused: 0x12,
  /** `BatchAnswer.connection_id` and `BatchAnswer.decision`. */
  connectionId: 0x0a,
  decision: 0x12,
} as const;

/**
 * Cuts a DecideBatchRequest into the bytes of its connections, none of which is read yet: so that one which cannot be
 * read spoils no other, and reading them need not be done at one go. A Refusal where the batch as a whole is no such
 * message, has no connection, or too many. Fields that this version does not know are skipped. The parts share the
 * memory of `bytes`.
 */
export function splitBatch(bytes: Uint8Array): readonly Uint8Array[] | Refusal {
  const reader = new Cursor(bytes);
  const items: Uint8Array[] = [];
  while (!reader.done) {
    const key = reader.varint();
    if (key === tag.item) {
      if (items.length === limits.batchItems) {
        return new Refusal('connections', `are more than ${limits.batchItems}`);
      }
      items.push(reader.take(reader.varint()));
    } else if (!(key >= 8) || !reader.skip(key % 8)) return notProtobuf;
    if (reader.broken) return notProtobuf;
  }
  return items.length === 0 ? new Refusal('connections', 'are none') : items;
}

/** One answer of a batch: what DecideResponse came, encoded, and whose it is. */
export interface EncodedAnswer {
  readonly connectionId: string | null;
  readonly decision: Uint8Array;
}

/** The bytes of a DecideBatchResponse with these answers. */
export function joinAnswers(answers: readonly EncodedAnswer[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const { connectionId, decision } of answers) {
    const id = connectionId === null ? [] : field(tag.connectionId, Buffer.from(connectionId, 'utf8'));
    const inner = [...id, ...field(tag.decision, decision)];
    parts.push(head(tag.item, sizeOf(inner)), ...inner);
  }
  return Buffer.concat(parts);
}

/** The bytes of a DecideBatchResponse that refuses the batch by this DecideResponse, encoded. */
export function joinRefused(decision: Uint8Array): Buffer {
  return Buffer.concat(field(tag.refused, decision));
}

function field(key: number, content: Uint8Array): Uint8Array[] {
  return [head(key, content.byteLength), content];
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}

/** Tag and length before a field's content. */
function head(key: number, length: number): Uint8Array {
  const bytes = [key];
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** Reads on through bytes; what goes beyond their end, or is no varint of 32 bits, leaves it broken for good. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;
  broken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.broken || this.#at >= this.#bytes.byteLength;
  }

  /** A varint below 2^32; NaN where it is none. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value < 2 ** 32 ? value : this.#fail();
    }
    return this.#fail();
  }

  take(length: number): Uint8Array {
    const from = this.#at;
    this.#advance(length);
    return this.#bytes.subarray(from, this.#at);
  }

  /** Goes over a field of this wire type; false where there is no such type. */
  skip(type: number): boolean {
    if (type === wireType.varint) this.#skipVarint();
    else if (type === wireType.i64) this.#advance(8);
    else if (type === wireType.i32) this.#advance(4);
    else if (type === wireType.len) this.#advance(this.varint());
    else return false;
    return true;
  }

  /** Varints of fields that are not known may have 64 bits. */
  #skipVarint(): void {
    for (let length = 1; length <= 10; length += 1) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      if (byte < 0x80) return;
    }
    this.broken = true;
  }

  #advance(length: number): void {
    if (length <= this.#bytes.byteLength - this.#at) this.#at += length;
    else this.#fail();
  }

  #fail(): number {
    this.broken = true;
    return NaN;
  }
}
