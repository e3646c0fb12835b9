import { readFileSync } from 'node:fs';
import { inputSchemaPath } from '../../policy/input-versions.ts';
import type { InputVersion } from '../../policy/input-versions.ts';
import type { Place, Term } from '../rego-tree/syntax.ts';
import { bodyOf, callOf, isNode, variablesIn } from './expressions.ts';
import type { Expression } from './expressions.ts';
import { demandedCalls, keyOf, operandsIn } from './deny-context.ts';
import type { DenyContext, Demanded } from './deny-context.ts';
import type { CheckedRule } from './parse-modules.ts';
import { gathersRules, pathText, resolve } from './resolve.ts';
import type { Resolved, RuleIndex } from './resolve.ts';
import { fieldsGiven, fieldsOfTerm } from './stands-for.ts';
import type { GivenFields } from './stands-for.ts';
import type { CheckFinding } from './types.ts';

/** What may be absent, as the input's schema and the project's data tell. */
export interface Absence {
  /** Fields that may be null. */
  readonly nullable: ReadonlySet<string>;
  /** Fields that are lists. */
  readonly lists: ReadonlySet<string>;
  /** The project's data document. */
  readonly data: unknown;
  /** Functions of the language. */
  readonly builtins: ReadonlySet<string>;
}

interface SchemaField {
  readonly type?: string;
  readonly anyOf?: readonly { readonly type?: string }[];
}

/** Which fields of an input version may be null, and which are lists, from its schema. */
export function fieldsOf(version: InputVersion): Pick<Absence, 'nullable' | 'lists'> {
  const { properties } = JSON.parse(readFileSync(inputSchemaPath(version), 'utf8')) as {
    readonly properties: Readonly<Record<string, SchemaField>>;
  };
  const fields = Object.entries(properties);
  const named = (those: (field: SchemaField) => boolean) =>
    new Set(fields.filter(([, field]) => those(field)).map(([name]) => name));
  return {
    nullable: named(({ anyOf }) => anyOf?.some(({ type }) => type === 'null') === true),
    lists: named(({ type }) => type === 'array'),
  };
}

/** Of these null makes a value like any other, and nothing undefined. */
const takesNull =
  /^(eq|equal|neq|assign|internal\.member_[23]|object\.get|object\.union|is_\w+|type_name|to_number|json\.marshal|print|walk|count)$/;

/** Order of two values: null comes before every number and text. */
const order: Readonly<Record<string, 0 | 1>> = { gt: 0, gte: 0, lt: 1, lte: 1 };

/** Denials that do not come where an operand is absent, and of which nothing else denies then. */
export function swallowedDenials(
  context: DenyContext,
  index: RuleIndex,
  absence: Absence,
): readonly CheckFinding[] {
  const found = new Map<string, CheckFinding>();
  const given = fieldsGiven(context, index, (clause) => guardsOf(clause, index, none), saysWhatNullIs);
  for (const demanded of context.demanded) {
    const guards = guardsOf(demanded.clause, index, given);
    const risks = [
      ...nullRisks(demanded, { index, absence, guards, context, given }),
      ...absentRisks(demanded, { index, absence, context }),
    ];
    for (const { place, message, advice } of risks) {
      const { file } = demanded.clause.module;
      const finding: CheckFinding = {
        ...{ rule: 'undefined-swallows-deny', level: 'warning', file },
        ...{ row: place?.row ?? 1, column: place?.col ?? 1, message, advice },
      };
      found.set(`${file}:${finding.row}:${message}`, finding);
    }
  }
  return [...found.values()];
}

const none: GivenFields = new Map();

interface Risk {
  readonly place: Place | undefined;
  readonly message: string;
  readonly advice: string;
}

interface Around {
  readonly index: RuleIndex;
  readonly absence: Absence;
  readonly context: DenyContext;
}

/** Null where a comparison is then false, or a function undefined. */
function* nullRisks(
  { clause, terms }: Demanded,
  {
    index,
    absence,
    guards,
    context,
    given,
  }: Around & { readonly guards: ReadonlySet<string>; readonly given: GivenFields },
): Generator<Risk> {
  for (const { name, args } of demandedCalls(terms)) {
    const compared = order[name];
    if (compared === undefined && (takesNull.test(name) || !absence.builtins.has(name))) continue;
    for (const [at, term] of args.entries()) {
      if (compared !== undefined && at !== compared) continue;
      const then = compared === undefined ? `${name} is undefined` : 'the comparison is false';
      for (const field of fieldsOfTerm(term, clause, index, given)) {
        if (!absence.nullable.has(field) || guards.has(field)) continue;
        if (context.answered.has(`input.${field}`)) continue;
        yield {
          place: term.location,
          message: `input.${field} may be null: then ${then}, and nothing is denied`,
          advice: `say what null means: input.${field} != null here, and a rule that denies (or does not have to) for input.${field} == null`,
        };
      }
    }
  }
}

/** Fields of which the clause, or a rule that it asks directly, says what it is where it is null. */
function guardsOf(clause: CheckedRule, index: RuleIndex, given: GivenFields): ReadonlySet<string> {
  const asked = bodyOf(clause.rule)
    .flatMap(({ terms }) => [...operandsIn(terms)])
    .flatMap((term) => index.get(resolve(term, clause.module, index)?.rule ?? '') ?? []);
  return new Set([clause, ...asked].flatMap((one) => guardsIn(one, index, given)));
}

function guardsIn(clause: CheckedRule, index: RuleIndex, given: GivenFields): readonly string[] {
  return guardedTerms(clause).flatMap((term) => fieldsOfTerm(term, clause, index, given));
}

/** Terms that a clause compares with null, or asks what kind of value they are. */
function guardedTerms({ rule }: CheckedRule): readonly Term[] {
  return bodyOf(rule).flatMap((expression: Expression) => {
    const call = callOf(expression.terms);
    if (!call) return [];
    const asksKind = /^is_\w+$/.test(call.name);
    const comparesNull =
      ['eq', 'equal', 'neq'].includes(call.name) && call.args.some(({ type }) => type === 'null');
    return asksKind || comparesNull ? call.args : [];
  });
}

function saysWhatNullIs(clause: CheckedRule, argument: string): boolean {
  return guardedTerms(clause).some(({ type, value }) => type === 'var' && value === argument);
}

/** References that may lead nowhere. */
function* absentRisks({ clause, terms }: Demanded, around: Around): Generator<Risk> {
  for (const term of operandsIn(terms)) {
    const resolved = resolve(term, clause.module, around.index);
    if (!resolved || isAnswered(resolved, around.context)) continue;
    const why =
      resolved.root === 'input' ? absentInput(resolved, around) : absentData(resolved, clause, around);
    if (why === undefined) continue;
    const text = pathText(resolved.root, resolved.path);
    yield {
      place: term.location,
      message: `${text} may be absent (${why}): then nothing is denied`,
      advice: `say what is to be then: object.get with a default, or a rule that denies for not ${text}`,
    };
  }
}

/** Whether some rule denies where it, or what it is within, is undefined. */
function isAnswered(resolved: Resolved, { answered }: DenyContext): boolean {
  if (resolved.rule !== undefined && answered.has(resolved.rule)) return true;
  const parts = keyOf({ ...resolved, rule: undefined }).split('.');
  return parts.some((_, index) => index > 0 && answered.has(parts.slice(0, index + 1).join('.')));
}

function absentInput({ path }: Resolved, { absence }: Around): string | undefined {
  const [field, next] = path;
  if (typeof field !== 'string' || next === undefined) return undefined;
  if (field === 'custom') {
    return typeof next === 'string'
      ? 'the configuration need not have such a fact, nor the connection'
      : undefined;
  }
  const isPlace = typeof next !== 'string' && next.type === 'number';
  return absence.lists.has(field) && isPlace ? 'the list may be shorter' : undefined;
}

function absentData(
  { path, rule }: Resolved,
  clause: CheckedRule,
  { absence, index }: Around,
): string | undefined {
  const from = rule === undefined ? 0 : rule.split('.').length;
  if (rule !== undefined && isFunction(rule, index)) return undefined;
  const at = path.findIndex((part, place) => place >= from && typeof part !== 'string');
  const part = path[at];
  if (part !== undefined && typeof part !== 'string') {
    const isKey = part.type !== 'var' || isKnownVariable(String(part.value), clause);
    if (isKey && part.type !== 'number') return 'it need not have that key';
  }
  if (rule !== undefined || path.length === 0 || gathersRules(path, index)) return undefined;
  const fixed = (at < 0 ? path : path.slice(0, at)) as readonly string[];
  return isThere(fixed, absence.data) ? undefined : 'it is in none of the data files';
}

function isFunction(rule: string, index: RuleIndex): boolean {
  return (index.get(rule) ?? []).some((one) => 'args' in one.rule.head);
}

/** An argument of the function, or a variable that got its value by `:=` or by going through something. */
function isKnownVariable(name: string, { rule }: CheckedRule): boolean {
  const { args = [] } = rule.head as { readonly args?: readonly Term[] };
  if (variablesIn(args).includes(name)) return true;
  return bodyOf(rule).some(({ terms }) => {
    const call = callOf(terms);
    if (call?.name === 'assign') return variablesIn(call.args[0]).includes(name);
    const symbols = isNode(terms) ? terms['symbols'] : undefined;
    const [symbol] = Array.isArray(symbols) ? (symbols as readonly Term[]) : [];
    return (
      symbol?.type === 'call' && variablesIn((symbol.value as readonly Term[]).slice(1, -1)).includes(name)
    );
  });
}

/** The classes come from the configuration, whatever the data files have. */
function isThere(path: readonly string[], data: unknown): boolean {
  if (path[0] === 'portreeve' && path[1] === 'classes') return true;
  let here: unknown = data;
  for (const part of path) {
    if (!isNode(here) || !Object.hasOwn(here, part)) return false;
    here = here[part];
  }
  return true;
}
