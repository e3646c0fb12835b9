import { createBoundedMemory } from '../lib/bounded-memory.ts';
import { canonicalForm } from '../lib/canonical-json.ts';
import type { KeptStats } from '../lib/kept.ts';
import type { SharedVerdict } from './told-values.ts';
import type { PolicyInput } from './types.ts';

/** What of the input the rules of a bundle read. */
export interface InputUse {
  /** The keys that they read or name; undefined: they may read all. */
  readonly keys?: readonly string[] | undefined;
  /** Of these, the ones of which no verdict depends on more than this. */
  readonly only?: Readonly<Record<string, OnlyUse>> | undefined;
}

/**
 * `told`: rules name it and the value is put into the verdict when that is there; `null`: they also ask whether it is null.
 */
export type OnlyUse = 'told' | 'null';

/** Verdicts by the text that they were given for. */
export interface VerdictMemory {
  /** The verdict that was last given to the same device where the rules read nothing that has changed since; else undefined. */
  again(input: PolicyInput): SharedVerdict | undefined;
  /** What `evaluate` answers, or answered before for this very text. Its throws are not remembered. */
  read(text: string, evaluate: () => SharedVerdict, input?: PolicyInput): SharedVerdict;
  /** How it stands; found in either way is found. */
  stats(): KeptStats;
}

/** Most of what is remembered: some megabytes, however long the values are that whoever connects may choose. */
const most = { verdicts: 4096, characters: 2048 };

/** Stands for any value that is not null where rules ask for nothing else. */
const someValue = '';

/**
 * Makes the function that writes an input as its JSON text, with the keys alone that the rules read. To the rules it is the
 * same input: they cannot tell a key that is not there from one that they never ask for, nor one value from another one
 * where they only ask whether there is any.
 */
export function inputText({ keys, only = {} }: InputUse): (input: PolicyInput) => string {
  if (keys === undefined) return (input) => JSON.stringify(input);
  const asksForNull = keys.filter((key) => only[key] === 'null');
  let unread: readonly string[] | undefined;
  return (input) => {
    // All inputs have the same keys, so that the first one tells which are not read.
    unread ??= Object.keys(input).filter((key) => !keys.includes(key) || only[key] === 'told');
    // A copy of the same shape, and members without a value, which JSON leaves out: an object that grows member by
    // member is written several times slower.
    const asked: Record<string, unknown> = { ...input };
    for (const key of unread) asked[key] = undefined;
    // A key that is not there stays away: rules that ask whether it is null are undefined then.
    for (const key of asksForNull)
      if (asked[key] !== null && asked[key] !== undefined) asked[key] = someValue;
    return JSON.stringify(asked);
  };
}

/**
 * Makes the memory of one policy with its data. Rego is a function of input and data, without clock, state or chance:
 * the same text gives the same verdict for as long as the policy is in force. Whatever may change (times and ages that
 * the rules read, the device's record, its revocation) is in the text.
 */
export function createVerdictMemory({ keys, only = {} }: InputUse = {}): VerdictMemory {
  const kept = createBoundedMemory<string, SharedVerdict>(most.verdicts);
  // Comparing with what a device's last verdict was given for costs much less than writing the text to look for.
  const last = createBoundedMemory<
    string | null,
    { readonly values: readonly unknown[]; readonly verdict: SharedVerdict }
  >(most.verdicts);
  const layout = keys && createLayout(keys, only);
  const counts = { hits: 0, misses: 0, evictions: 0 };
  return {
    again: (input) => {
      const known = last.find(oneGroup, input.device_id)?.value;
      if (!known || !layout?.has(input) || !layout.isSame(known.values, input)) return undefined;
      counts.hits += 1;
      return known.verdict;
    },
    read: (text, evaluate, input) => {
      const known = kept.find(oneGroup, text)?.value;
      counts[known ? 'hits' : 'misses'] += 1;
      const verdict = known ?? canonicalForm(evaluate());
      if (text.length > most.characters) return verdict;
      const claimed = input !== undefined && isClaimed(input, verdict);
      if (!known) counts.evictions += kept.keep(oneGroup, text, verdict, claimed);
      // No more than the text has: whoever connects chooses how long the values are that rules do not ask for.
      if (input && layout?.has(input)) {
        const asked = { values: layout.asked(input), verdict };
        counts.evictions += last.keep(oneGroup, input.device_id, asked, claimed);
      }
      return verdict;
    },
    stats: () => ({
      ...{ name: 'verdicts', entries: kept.size() + last.size(), bound: 2 * most.verdicts },
      ...counts,
    }),
  };
}

/** Nothing is forgotten by groups here. */
const oneGroup = '';

/**
 * Whether a denial is of somebody who proved nothing, or whom nobody knows: then whoever connects has chosen the device's
 * id, and whatever else rules read of claims, and may come up with any number of them.
 */
function isClaimed({ assurance, inventory_known: known }: PolicyInput, { allow }: SharedVerdict): boolean {
  return !allow && (assurance === 'none' || !known);
}

/** Which keys inputs have, in which order. */
interface Layout {
  /** Whether an input has those of the first one that was asked about. */
  has(input: PolicyInput): boolean;
  /** What the rules ask for of an input. */
  asked(input: PolicyInput): readonly unknown[];
  /** Whether that is the same of another one. Lists are compared by their elements, all else as it is. */
  isSame(asked: readonly unknown[], input: PolicyInput): boolean;
}

/**
 * All inputs that are made here have one layout. Those of records may have lost keys that the rules do not read: their
 * values stand elsewhere.
 */
function createLayout(keys: readonly string[], only: Readonly<Record<string, OnlyUse>>): Layout {
  let names: readonly string[] | undefined;
  /** Where the values stand, and where those of which rules only ask whether they are null. */
  let [places, nullPlaces]: [readonly number[], readonly number[]] = [[], []];
  const learn = (own: readonly string[]): void => {
    const placesOf = (use: OnlyUse | undefined): number[] =>
      own.flatMap((key, place) => (keys.includes(key) && only[key] === use ? [place] : []));
    names = own;
    [places, nullPlaces] = [placesOf(undefined), placesOf('null')];
  };
  return {
    has: (input) => {
      const own = Object.keys(input);
      if (names === undefined) learn(own);
      else if (own.length !== names.length) return false;
      else for (let place = 0; place < own.length; place += 1) if (own[place] !== names[place]) return false;
      return true;
    },
    asked: (input) => {
      const values: readonly unknown[] = Object.values(input);
      return [...places.map((place) => values[place]), ...nullPlaces.map((place) => values[place] === null)];
    },
    isSame: (asked, input) => {
      const values: readonly unknown[] = Object.values(input);
      let at = 0;
      for (const place of places) {
        const [a, b] = [asked[at++], values[place]];
        if (a !== b && !isSameList(a, b)) return false;
      }
      for (const place of nullPlaces) if (asked[at++] !== (values[place] === null)) return false;
      return true;
    },
  };
}

function isSameList(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
