/**
 * A number as Rego has it: its text, which arithmetic of any precision made. Whole numbers and decimals are compared by
 * value; the text is what is printed.
 */
export class RegoNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A set: its members, each once, in Rego's order. */
export class RegoSet {
  readonly members: readonly RegoValue[];

  constructor(members: readonly RegoValue[]) {
    this.members = members;
  }
}

/** An object: any value may be a key. Entries in Rego's order of the keys. */
export class RegoObject {
  readonly entries: readonly RegoEntry[];

  constructor(entries: readonly RegoEntry[]) {
    this.entries = entries;
  }

  /** The value under a string key. */
  get(name: string): RegoValue | undefined {
    return this.entries.find(([key]) => key === name)?.[1];
  }
}

export type RegoEntry = readonly [key: RegoValue, value: RegoValue];

/**
 * A value of Rego. Strings are byte strings to OPA: a byte that is no UTF-8 is held as the lone surrogate U+DC00 + byte
 * (text.ts), so that hashing or printing such a string takes the bytes that OPA would take.
 */
export type RegoValue = null | boolean | string | RegoNumber | readonly RegoValue[] | RegoObject | RegoSet;

export function isArray(value: RegoValue | undefined): value is readonly RegoValue[] {
  return Array.isArray(value);
}
