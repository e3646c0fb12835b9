import { canonicalForm } from '../lib/canonical-json.ts';
import type { PolicyInput, Verdict } from './types.ts';

/** Verdicts by the text that they were given for. */
export interface VerdictMemory {
  /** What `evaluate` answers, or answered before for this very text. Its throws are not remembered. */
  read(text: string, evaluate: () => Verdict): Verdict;
}

/** Most of what is remembered: some megabytes, however long the values are that whoever connects may choose. */
const most = { verdicts: 4096, characters: 2048 };

/**
 * Makes the function that writes an input as its JSON text, with the keys alone that the rules read (undefined: all). To
 * the rules it is the same input: they cannot tell a key that is not there from one that they never ask for.
 */
export function inputText(keys: readonly string[] | undefined): (input: PolicyInput) => string {
  if (keys === undefined) return (input) => JSON.stringify(input);
  let unread: readonly string[] | undefined;
  return (input) => {
    // All inputs have the same keys, so that the first one tells which are not read.
    unread ??= Object.keys(input).filter((key) => !keys.includes(key));
    // A copy of the same shape, and members without a value, which JSON leaves out: an object that grows member by
    // member is written several times slower.
    const asked: Record<string, unknown> = { ...input };
    for (const key of unread) asked[key] = undefined;
    return JSON.stringify(asked);
  };
}

/**
 * Makes the memory of one policy with its data. Rego is a function of input and data, without clock, state or chance:
 * the same text gives the same verdict for as long as the policy is in force. Whatever may change (times and ages that
 * the rules read, the device's record, its revocation) is in the text.
 */
export function createVerdictMemory(): VerdictMemory {
  const kept = new Map<string, Verdict>();
  return {
    read: (text, evaluate) => {
      const known = kept.get(text);
      if (known) return known;
      const verdict = canonicalForm(evaluate());
      if (text.length > most.characters) return verdict;
      if (kept.size >= most.verdicts) kept.clear();
      kept.set(text, verdict);
      return verdict;
    },
  };
}
