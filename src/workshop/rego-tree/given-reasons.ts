import { isCustomCode, isReasonCode } from '../../lib/reason-code.ts';
import { callsIn, fixedParts, termsIn } from './syntax.ts';
import type { Rule, Term } from './syntax.ts';

/**
 * Codes of the reasons that a rule gives, as far as they stand in it: as a member of an object (its `code`, or a table of
 * codes), as an argument of a function of the policy (`own` tells one by the first part of its name), or as the rule's
 * own value. A code that is merely compared, or listed in a set or an array, is not given.
 */
export function givenReasons({ head, body }: Rule, own: (name: string) => boolean): readonly string[] {
  const codes = new Set<string>();
  const note = (term: Term | undefined): void => {
    if (term?.type === 'string' && typeof term.value === 'string' && isCode(term.value))
      codes.add(term.value);
  };
  note(head.key);
  note(head.value);
  for (const part of [head, body]) {
    for (const { term } of termsIn(part)) {
      if (term.type === 'object' && Array.isArray(term.value))
        memberValues(term.value as readonly unknown[]).forEach(note);
    }
    for (const [called, ...args] of callsIn(part)) {
      const [name] = called?.type === 'ref' ? fixedParts(called.value as readonly Term[]) : [];
      if (name !== undefined && own(name)) args.forEach(note);
    }
  }
  return [...codes];
}

/** Values of the members of an object, which is a list of pairs of terms. */
function memberValues(pairs: readonly unknown[]): readonly Term[] {
  return (pairs as readonly (readonly [Term, Term])[]).map(([, value]) => value);
}

function isCode(text: string): boolean {
  return isReasonCode(text) || isCustomCode(text);
}
