import { demandedCalls } from './deny-context.ts';
import type { DenyContext } from './deny-context.ts';
import { bodyOf, callOf } from './expressions.ts';
import type { Rule, Term } from '../rego-tree/syntax.ts';
import type { CheckedRule } from './parse-modules.ts';
import { resolve } from './resolve.ts';
import type { RuleIndex } from './resolve.ts';

/** Fields of the input that the arguments of functions are given where a denial asks them. */
export type GivenFields = ReadonlyMap<Rule, ReadonlyMap<string, ReadonlySet<string>>>;

/** Names in a row that are followed to what they stand for. */
const longest = 8;

/**
 * Fields of the input that a term is: by itself, by a local name (`age := input.crl_age_s`), by a rule that is nothing else,
 * or as an argument of the function. None where it is something else.
 */
export function fieldsOfTerm(
  term: Term,
  clause: CheckedRule,
  index: RuleIndex,
  given: GivenFields,
  left = longest,
): readonly string[] {
  if (left === 0) return [];
  if (term.type === 'var' && typeof term.value === 'string') {
    const stated = assigned(term.value, clause);
    if (stated) return fieldsOfTerm(stated, clause, index, given, left - 1);
    const passed = given.get(clause.rule)?.get(term.value);
    if (passed) return [...passed];
  }
  const resolved = resolve(term, clause.module, index);
  if (resolved?.root === 'input') {
    const [field, ...deeper] = resolved.path;
    return typeof field === 'string' && deeper.length === 0 ? [field] : [];
  }
  if (resolved?.rule === undefined || resolved.path.length > resolved.rule.split('.').length) return [];
  const [only, ...others] = index.get(resolved.rule) ?? [];
  const value = only && others.length === 0 && isPlain(only.rule) ? only.rule.head.value : undefined;
  return only && value ? fieldsOfTerm(value, only, index, given, left - 1) : [];
}

/** What a clause says that a local name is. */
function assigned(name: string, { rule }: CheckedRule): Term | undefined {
  for (const { terms, negated } of bodyOf(rule)) {
    const call = negated === true ? undefined : callOf(terms);
    const [left, right] = call?.name === 'assign' ? call.args : [];
    if (left?.type === 'var' && left.value === name) return right;
  }
  return undefined;
}

/** A rule without a condition or arguments: it is what it is said to be. */
function isPlain({ head, body }: Rule): boolean {
  const [only, ...others] = bodyOf({ head, body } as Rule);
  const { type, value } = (only?.terms ?? {}) as Term;
  return head.args === undefined && others.length === 0 && (!only || (type === 'boolean' && value === true));
}

/**
 * What denials give to the project's own functions: by clause and name of the argument, the fields, but for those of which
 * `guarded` holds in the clause that gives them, and for arguments of which some clause of the function says what is for null.
 */
export function fieldsGiven(
  { demanded }: DenyContext,
  index: RuleIndex,
  guarded: (clause: CheckedRule) => ReadonlySet<string>,
  saysNull: (clause: CheckedRule, argument: string) => boolean,
): GivenFields {
  const given = new Map<Rule, Map<string, Set<string>>>();
  for (const { clause, terms } of demanded) {
    for (const { called, args } of demandedCalls(terms)) {
      const clauses = index.get(resolve(called, clause.module, index)?.rule ?? '') ?? [];
      const known = clauses.length === 0 ? undefined : guarded(clause);
      for (const [at, term] of args.entries()) {
        if (!known || clauses.some((one) => answersNull(one, at, saysNull))) continue;
        const fields = fieldsOfTerm(term, clause, index, new Map()).filter((field) => !known.has(field));
        for (const one of clauses) note(given, one.rule, at, fields);
      }
    }
  }
  return given;
}

function answersNull(
  clause: CheckedRule,
  at: number,
  saysNull: (clause: CheckedRule, argument: string) => boolean,
): boolean {
  const argument = clause.rule.head.args?.[at];
  if (argument?.type === 'null') return true;
  return argument?.type === 'var' && saysNull(clause, String(argument.value));
}

function note(
  given: Map<Rule, Map<string, Set<string>>>,
  rule: Rule,
  at: number,
  fields: readonly string[],
): void {
  const argument = rule.head.args?.[at];
  if (argument?.type !== 'var' || fields.length === 0) return;
  const names = given.get(rule) ?? new Map<string, Set<string>>();
  given.set(rule, names);
  const name = String(argument.value);
  names.set(name, new Set([...(names.get(name) ?? []), ...fields]));
}
