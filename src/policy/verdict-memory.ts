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
 * The input as its JSON text, with the keys alone that the rules read (undefined: all). To the rules it is the same
 * input: they cannot tell a key that is not there from one that they never ask for.
 */
export function readText(input: PolicyInput, keys: readonly string[] | undefined): string {
  if (keys === undefined) return JSON.stringify(input);
  const asked: Record<string, unknown> = {};
  for (const key of keys) asked[key] = (input as unknown as Record<string, unknown>)[key];
  return JSON.stringify(asked);
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
