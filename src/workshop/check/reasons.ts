import { isCustomCode, isReasonCode, reasonCodes } from '../../lib/reason-code.ts';
import { fixedParts, termsIn } from '../rego-tree/syntax.ts';
import type { Place, Rule, Term } from '../rego-tree/syntax.ts';
import { callOf } from './expressions.ts';
import type { CheckedModule } from './parse-modules.ts';
import { indexRules, resolve } from './resolve.ts';
import type { RuleIndex } from './resolve.ts';
import type { CheckFinding } from './types.ts';

/** What the project declares, and where. */
export interface Declarations {
  readonly codes: ReadonlySet<string>;
  /** Name of `policy.yaml` within the project. */
  readonly file: string;
  /** Row of each declaration in it, as far as it is found. */
  readonly row: (code: string) => number;
}

/** A text that may be a code, where it stands. */
interface Literal {
  readonly text: string;
  readonly file: string;
  readonly place: Place | undefined;
}

/** Groups of the catalogue: a text that begins with one of them, where a code is told, is meant as a code. */
const groups: ReadonlySet<string> = new Set(reasonCodes.map((code) => code.slice(0, code.indexOf('.'))));

/**
 * Holds the codes of reasons that the modules write out against the catalogue and the project's declarations: every text
 * that begins with `custom.`, every one that stands as the `code` of a reason, and of the catalogue's groups those that are the
 * first argument of a function whose name ends with `reason`, or that a rule has of which the value is told. What is put together at run time, or comes as the value of
 * something else, is not seen; a note says where.
 */
export function reasonFindings(
  modules: readonly CheckedModule[],
  declared: Declarations,
): readonly CheckFinding[] {
  const literals = modules.flatMap(textsOf);
  const index = indexRules(modules);
  const told = modules.flatMap((module) => toldIn(module, index));
  const written = new Set(modules.flatMap(writtenOut));
  return [
    ...literals
      .filter(({ text }) => text.startsWith('custom.'))
      .flatMap((one) => ofCustom(one, declared, told)),
    ...told
      .filter(({ text, place }) => isMisspelt(text) || (written.has(place) && isUnknown(text)))
      .map(unknownCode),
    ...modules.flatMap((module) => notStatic(module, index)),
    ...unused(literals, declared, told),
  ];
}

function textsOf({ file, rules }: CheckedModule): readonly Literal[] {
  return rules.flatMap(({ rule: { head, body } }) =>
    [...termsIn([head, body])]
      .filter(({ term }) => term.type === 'string')
      .map(({ term }) => ({ text: String(term.value), file, place: term.location })),
  );
}

/** Places of what is written as the code of a reason itself: whatever it says, nothing else is meant. */
function writtenOut({ rules }: CheckedModule): readonly (Place | undefined)[] {
  return rules.flatMap(({ rule: { head, body } }) =>
    [...termsIn([head, body])].flatMap(({ term }) => codeMember(term)).map(({ location }) => location),
  );
}

/** Terms that stand where a code does. */
function codesIn({ rules }: CheckedModule): readonly Term[] {
  return rules.flatMap(({ rule }) => codeTerms(rule));
}

function codeTerms({ head, body }: Rule): readonly Term[] {
  return [...termsIn([head, body])].flatMap(({ term }) => [...codeMember(term), ...reasonArgument(term)]);
}

/** Codes that a clause of a rule tells in so many letters. */
export function writtenCodes(rule: Rule): readonly string[] {
  return codeTerms(rule).flatMap(({ type, value }) => (type === 'string' ? [String(value)] : []));
}

/** The value of `code` in an object that has nothing but that and a detail. */
function codeMember({ type, value }: Term): readonly Term[] {
  if (type !== 'object' || !Array.isArray(value)) return [];
  const members = value as readonly (readonly [Term, Term])[];
  const keys = members.map(([key]) => key.value);
  if (!keys.every((key) => key === 'code' || key === 'detail')) return [];
  return members.filter(([key]) => key.value === 'code').map(([, code]) => code);
}

function reasonArgument({ type, value }: Term): readonly Term[] {
  const call = type === 'call' ? callOf(value) : undefined;
  const [code] = call?.args ?? [];
  return call && code && /(^|[._])reason$/.test(call.name) ? [code] : [];
}

function toldIn(module: CheckedModule, index: RuleIndex): readonly Literal[] {
  return codesIn(module)
    .flatMap((term) => (term.type === 'string' ? [term] : codesOfRule(term, module, index)))
    .map((term) => ({ text: String(term.value), file: module.file, place: term.location }));
}

/** Codes that a rule has of which the value is told: its texts of that form. */
function codesOfRule(term: Term, module: CheckedModule, index: RuleIndex): readonly Term[] {
  const rules = index.get(resolve(term, module, index)?.rule ?? '') ?? [];
  return rules
    .flatMap(({ rule: { head, body } }) => [...termsIn([head, body])].map(({ term: inner }) => inner))
    .filter(({ type, value }) => type === 'string' && /^[a-z]+\.[a-z][a-z0-9_]*$/.test(String(value)));
}

function isMisspelt(text: string): boolean {
  return isUnknown(text) && groups.has(text.split('.')[0] ?? '');
}

function isUnknown(text: string): boolean {
  return !isReasonCode(text) && !text.startsWith('custom.');
}

function ofCustom(
  literal: Literal,
  declared: Declarations,
  told: readonly Literal[],
): readonly CheckFinding[] {
  const { text } = literal;
  if (declared.codes.has(text)) return [];
  if (isBeginning(literal, declared, told)) {
    const message = `"${text}" is the beginning of a code that is put together at run time: which one cannot be seen`;
    return [note(literal.file, literal.place, message)];
  }
  return [
    undeclared(
      literal,
      `the reason ${text} is not declared`,
      `declare it under "reasons" in ${declared.file}: severity, text and remediation`,
    ),
  ];
}

/** No code by its form, or what a declared code begins with, where no code is told. */
function isBeginning({ text, place }: Literal, { codes }: Declarations, told: readonly Literal[]): boolean {
  if (!isCustomCode(text)) return true;
  return !told.some((one) => one.place === place) && [...codes].some((code) => code.startsWith(text));
}

function unknownCode(literal: Literal): CheckFinding {
  return undeclared(
    literal,
    `the catalogue has no reason ${literal.text}`,
    'take a code from docs/reasons.md, or declare one of your own, custom.<name>',
  );
}

function undeclared({ file, place }: Literal, message: string, advice: string): CheckFinding {
  return { rule: 'undeclared-reason', level: 'error', file, ...at(place), message, advice };
}

/** Codes that come from something else, but for the arguments of functions that merely pass them on. */
function notStatic(module: CheckedModule, index: RuleIndex): readonly CheckFinding[] {
  const message = 'the code of this reason comes from something else: which one cannot be seen';
  return module.rules.flatMap(({ rule }) =>
    codeTerms(rule)
      .filter((term) => term.type !== 'string' && !isPassedOn(term, rule))
      .filter((term) => codesOfRule(term, module, index).length === 0)
      .map(({ location }) => note(module.file, location, message)),
  );
}

/** An argument of the function that it stands in, or a code of the input's findings, which are the catalogue's. */
function isPassedOn(term: Term, { head, body }: Rule): boolean {
  const name = term.type === 'var' ? term.value : fixedParts((term.value ?? []) as readonly Term[])[0];
  const { args = [] } = head as { readonly args?: readonly Term[] };
  return args.some((arg) => arg.value === name) || isFromInput(String(name), body);
}

/** `some name in input.…`: what the input tells of are reasons of the catalogue. */
function isFromInput(name: string, body: unknown): boolean {
  return [...termsIn(body)].some(({ term }) => {
    const call = term.type === 'call' ? callOf(term.value) : undefined;
    if (call?.name !== 'internal.member_2' && call?.name !== 'internal.member_3') return false;
    const domain = call.args.at(-1);
    const [from, field = ''] = domain?.type === 'ref' ? fixedParts(domain.value as readonly Term[]) : [];
    return call.args.at(-2)?.value === name && from === 'input' && field.endsWith('_findings');
  });
}

function note(file: string, place: Place | undefined, message: string): CheckFinding {
  const advice =
    'write codes out where you can; every one that comes of this has to be in the catalogue or declared';
  return { rule: 'reason-not-static', level: 'note', file, ...at(place), message, advice };
}

function unused(
  literals: readonly Literal[],
  declared: Declarations,
  told: readonly Literal[],
): readonly CheckFinding[] {
  const { codes, file, row } = declared;
  const written = new Set(literals.map(({ text }) => text));
  const begun = literals.filter((one) => one.text.startsWith('custom.') && isBeginning(one, declared, told));
  return [...codes]
    .filter(
      (code) => !written.has(code) && !begun.some(({ text }) => code.startsWith(text.split('%')[0] ?? text)),
    )
    .map((code) => ({
      rule: 'unused-reason' as const,
      level: 'warning' as const,
      file,
      row: row(code),
      column: 1,
      message: `the reason ${code} is declared, and no rule tells it`,
      advice: 'tell it, or take its declaration out',
    }));
}

function at(place: Place | undefined): { readonly row: number; readonly column: number } {
  return { row: place?.row ?? 1, column: place?.col ?? 1 };
}
