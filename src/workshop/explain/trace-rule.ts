import { isFile } from './read-trace.ts';
import type { TraceLine } from './read-trace.ts';
import type { RegoModule, RegoRule } from '../rego-tree/types.ts';

/** Lines that are told of one rule. */
const mostLines = 60;

/** What says nothing about why: ways back, the index, and what is kept for later. */
const passedOver: ReadonlySet<string> = new Set(['Redo', 'Index', 'Save', 'Unify', 'Duplicate']);

/**
 * What a trace has of one rule: each step from when it was entered until it was left, with the values of the input that
 * the step reads. Empty where it was never entered.
 */
export function traceOfRule(
  trace: readonly TraceLine[],
  rule: RegoRule,
  modules: readonly RegoModule[],
  input: unknown,
): readonly string[] {
  const start = trace.findIndex((one) => one.op === 'Enter' && isAt(one, rule));
  const entered = trace[start];
  if (!entered) return [];
  const end = trace.findIndex((one, index) => index > start && one.depth <= entered.depth);
  const within = trace.slice(start, end < 0 ? trace.length : end);
  const heads = modules.flatMap(({ rules }) => rules);
  const kept = within.filter((one) => isTelling(one, heads));
  const steps = kept.filter((one, index) => !isSaidByNext(one, kept[index + 1]));
  const lines = steps.map((one) => stepText(one, one.depth - entered.depth, input));
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, mostLines), `… ${lines.length - mostLines} more`];
}

function isAt({ file, row, text }: TraceLine, rule: RegoRule): boolean {
  return row === rule.row && isFile(file, rule.file) && text.startsWith(`data.${rule.name}`);
}

/** Queries within a rule are entered and left too (negation, `every`): only rules are told of so. */
function isTelling(one: TraceLine, heads: readonly RegoRule[]): boolean {
  if (passedOver.has(one.op)) return false;
  if (one.op !== 'Enter' && one.op !== 'Exit') return true;
  return heads.some((rule) => isAt(one, rule));
}

/** A step that fails is told once. */
function isSaidByNext({ op, depth, text }: TraceLine, next: TraceLine | undefined): boolean {
  return op === 'Eval' && next?.op === 'Fail' && next.depth === depth && next.text === text;
}

function stepText({ file, row, op, text, locals }: TraceLine, depth: number, input: unknown): string {
  const place = `${file}:${row}`.padEnd(8);
  const seen = op === 'Eval' || op === 'Fail' ? [...inputValues(text, input), locals] : [];
  const values = seen.filter((one) => one !== '').join('; ');
  return `${place}  ${'  '.repeat(depth)}${op} ${text}${values === '' ? '' : `   where ${values}`}`;
}

/** The values of what is read of the input, which a trace does not tell. */
function inputValues(text: string, input: unknown): readonly string[] {
  if (typeof input !== 'object' || input === null) return [];
  const names = new Set([...text.matchAll(/\binput\.([a-z_]\w*)/gi)].map(([, name]) => name as string));
  return [...names].map((name) => {
    const value = JSON.stringify((input as Readonly<Record<string, unknown>>)[name]) ?? 'undefined';
    return `input.${name} is ${value.length > 80 ? `${value.slice(0, 80)}…` : value}`;
  });
}
