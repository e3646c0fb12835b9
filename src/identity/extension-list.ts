import type { Extension, Extensions } from './types.ts';

/**
 * An extension as it was read. Thousands of certificates are remembered and hardly any value is looked at again: what is
 * kept is where it stands, because a view of a few bytes takes more memory than they do.
 */
export class ReadExtension implements Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly #bytes: ArrayBufferLike;
  readonly #at: number;
  readonly #length: number;

  constructor(oid: string, critical: boolean, value: Uint8Array) {
    this.oid = oid;
    this.critical = critical;
    this.#bytes = value.buffer;
    this.#at = value.byteOffset;
    this.#length = value.byteLength;
  }

  get value(): Uint8Array {
    return new Uint8Array(this.#bytes, this.#at, this.#length);
  }
}

/** Extensions in a list: they are few, and a map of few takes many times their memory. */
export class ExtensionList implements Extensions {
  readonly #all: readonly Extension[];

  constructor(all: readonly Extension[]) {
    // A copy has room for what is in it, and for no more.
    this.#all = all.slice();
  }

  get(oid: string): Extension | undefined {
    return this.#all.find((one) => one.oid === oid);
  }

  has(oid: string): boolean {
    return this.get(oid) !== undefined;
  }

  values(): readonly Extension[] {
    return this.#all;
  }
}
