import type { Level } from './types.ts';

/** What a rule of the check looks for. */
export interface CheckRule {
  readonly level: Level;
  /** What it finds, in a few words. */
  readonly title: string;
  /** Why that matters. */
  readonly why: string;
}

/** Every rule, by the id that findings and `portreeve ignore` name. */
export const checkRules = {
  opa: {
    level: 'error',
    title: 'What opa itself says',
    why: 'What opa check --strict says with the schema of the input: what does not compile, is never used, or reads what is not there.',
  },
  'unsupported-builtin': {
    level: 'error',
    title: 'A built-in function that the engine does not have',
    why: 'Policies run as WebAssembly; functions that are not in the capabilities cannot be compiled for it.',
  },
  'missing-entrypoint': {
    level: 'error',
    title: 'No rule of the name that is asked',
    why: 'A bundle without the rule that is asked answers nothing, and every connection is denied.',
  },
  'undeclared-reason': {
    level: 'error',
    title: 'A reason that is neither in the catalogue nor declared',
    why: 'Telling it is a fault at run time: the connection is denied with policy.error, and the reason is lost.',
  },
  'unused-reason': {
    level: 'warning',
    title: 'A declared reason that no rule tells',
    why: 'It was forgotten, or it is misspelt where it is told.',
  },
  'reason-not-static': {
    level: 'note',
    title: 'A reason whose code is not written out',
    why: 'What it will be cannot be seen here; where it is neither in the catalogue nor declared, telling it is a fault.',
  },
  'iteration-not-lookup': {
    level: 'warning',
    title: 'Data that is gone through where a key would find it',
    why: 'WebAssembly has no rule index: every entry costs time at every decision.',
  },
  'undefined-swallows-deny': {
    level: 'warning',
    title: 'A denial that does not come where an operand is absent',
    why: 'An expression with an absent operand is undefined, and the rule that should deny silently does not.',
  },
  'ignore-without-reason': {
    level: 'error',
    title: 'A finding that is ignored without a reason, or none that is',
    why: 'Whoever reads the policy has to see why a finding does not count here.',
  },
} as const satisfies Readonly<Record<string, CheckRule>>;

export type RuleId = keyof typeof checkRules;

export const ruleIds = Object.keys(checkRules) as readonly RuleId[];
