import { catalogue } from '../../decision/reasons.ts';
import { isReasonCode } from '../../lib/reason-code.ts';
import type { Rule, Term } from '../rego-tree/syntax.ts';
import { bodyOf, callOf, comprehensions, everyOf, isNode } from './expressions.ts';
import type { Expression } from './expressions.ts';
import type { CheckedRule } from './parse-modules.ts';
import { writtenCodes } from './reasons.ts';
import { resolve } from './resolve.ts';
import type { Resolved, RuleIndex } from './resolve.ts';

/** An expression of which a denial comes only where it is defined and true. */
export interface Demanded {
  readonly clause: CheckedRule;
  /** Terms of the expression, or of the head. */
  readonly terms: unknown;
}

/** What a policy's denials hang on. */
export interface DenyContext {
  readonly demanded: readonly Demanded[];
  /** References of which some rule denies where they are undefined (`not …`), as texts. */
  readonly answered: ReadonlySet<string>;
}

const denyNames = /^_?(deny|denies|denied|denials?|violations?|reasons?|block(ed)?)$/;

/** Whether a clause tells reasons of which one may deny. */
export function mayDeny({ name, rule }: CheckedRule, severities: ReadonlyMap<string, string>): boolean {
  const codes = writtenCodes(rule);
  if (codes.length > 0) return codes.some((code) => severityOf(code, severities) === 'deny');
  return denyNames.test(name.split('.').at(-1) ?? '');
}

function severityOf(code: string, declared: ReadonlyMap<string, string>): string {
  return isReasonCode(code) ? catalogue[code].severity : (declared.get(code) ?? 'deny');
}

/**
 * Follows what denials hang on: from the rules that tell denying reasons to the rules that they ask, through negations,
 * each of which turns around what an absent operand does. Within comprehensions an absent operand leaves an element out,
 * and is not followed. A rule of which some denial says `not` is not followed where it has to hold: where it is undefined,
 * that denial comes.
 */
export function denyContext(index: RuleIndex, severities: ReadonlyMap<string, string>): DenyContext {
  const clauses = [...index.values()].flat().filter((clause) => mayDeny(clause, severities));
  const answered = new Set<string>();
  const harmless = (clause: CheckedRule): boolean =>
    writtenCodes(clause.rule).length > 0 && !mayDeny(clause, severities);
  const steps = { index, from: clauses, harmless };
  walk({ ...steps, answered: new Set() }, { answers: (resolved) => answered.add(keyOf(resolved)) });
  const demanded: Demanded[] = [];
  walk({ ...steps, answered }, { demands: (one) => demanded.push(one) });
  return { demanded, answered };
}

/** Text by which a reference is known: the rule that it is, or its path as far as it is fixed. */
export function keyOf({ root, path, rule }: Resolved): string {
  if (rule !== undefined) return rule;
  const fixed: string[] = [];
  for (const part of path) {
    if (typeof part !== 'string') break;
    fixed.push(part);
  }
  return [root, ...fixed].join('.');
}

interface Visitor {
  demands?(demanded: Demanded): void;
  /** A reference that is undefined where the denial comes. */
  answers?(resolved: Resolved): void;
}

interface Walk {
  readonly index: RuleIndex;
  readonly from: readonly CheckedRule[];
  readonly answered: ReadonlySet<string>;
  /** Clauses that tell no more than warnings: it denies nothing that they do not hold. */
  readonly harmless: (clause: CheckedRule) => boolean;
}

interface Step {
  readonly clause: CheckedRule;
  /** Whether the clause has to hold for the denial to come; false: it has to fail. */
  readonly holds: boolean;
}

function walk({ index, from, answered, harmless }: Walk, visitor: Visitor): void {
  const seen = { true: new Set<Rule>(), false: new Set<Rule>() };
  const queue: Step[] = from.map((clause) => ({ clause, holds: true }));
  const ask = (clause: CheckedRule, terms: unknown, holds: boolean, negated: boolean): void => {
    if (holds) visitor.demands?.({ clause, terms });
    for (const term of operandsIn(terms)) {
      const resolved = resolve(term, clause.module, index);
      if (!resolved) continue;
      // Said by `not` of a clause that has to hold: where it is undefined, the denial comes.
      if (negated && !holds) visitor.answers?.(resolved);
      if (resolved.rule === undefined || (holds && answered.has(resolved.rule))) continue;
      for (const next of index.get(resolved.rule) ?? [])
        if (!harmless(next)) queue.push({ clause: next, holds });
    }
  };
  for (let step = queue.shift(); step; step = queue.shift()) {
    const { clause, holds } = step;
    const known = seen[holds ? 'true' : 'false'];
    if (known.has(clause.rule)) continue;
    known.add(clause.rule);
    ask(clause, [clause.rule.head.key, clause.rule.head.value], holds, false);
    const body = (expressions: readonly Expression[], wanted: boolean): void => {
      for (const expression of expressions) {
        const negated = expression.negated === true;
        const every = everyOf(expression);
        if (every) body(every.body, negated ? !wanted : wanted);
        ask(clause, every ? every.domain : expression.terms, negated ? !wanted : wanted, negated);
      }
    };
    body(bodyOf(clause.rule), holds);
  }
}

/** References and variables of an expression, without what is in comprehensions. */
export function* operandsIn(node: unknown): Generator<Term> {
  if (!isNode(node)) return;
  const { type, value } = node as Term;
  if (comprehensions.has(type ?? '')) return;
  if (type === 'ref' || type === 'var') yield node;
  if (type === 'ref' && Array.isArray(value)) {
    // The parts of a reference are operands of their own, but for its head.
    for (const part of value.slice(1)) yield* operandsIn(part);
    return;
  }
  for (const [name, child] of Object.entries(node)) if (name !== 'location') yield* operandsIn(child);
}

/** Calls of an expression, without those in comprehensions. */
export function* demandedCalls(node: unknown): Generator<NonNullable<ReturnType<typeof callOf>>> {
  if (!isNode(node)) return;
  const { type, value } = node as Term;
  if (comprehensions.has(type ?? '')) return;
  const call = type === 'call' ? callOf(value) : Array.isArray(node) ? callOf(node) : undefined;
  if (call) yield call;
  const inner = type === 'call' && Array.isArray(value) ? value.slice(1) : Object.entries(node);
  for (const child of inner) {
    const [name, held] = type === 'call' ? ['', child] : (child as readonly [string, unknown]);
    if (name !== 'location') yield* demandedCalls(held);
  }
}
