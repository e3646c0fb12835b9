/** The bodies of rules, expression by expression, with what of them counts for what. */
import type { Place, Rule, Term } from '../rego-tree/syntax.ts';

/** An expression of a body as `opa parse` prints it. */
export interface Expression {
  readonly negated?: boolean;
  readonly terms?: unknown;
  readonly location?: Place;
}

/** `every k, v in domain { body }`. */
interface Every {
  readonly key: Term | null;
  readonly value: Term;
  readonly domain: Term;
  readonly body: readonly Expression[];
}

export function bodyOf({ body }: Rule): readonly Expression[] {
  return Array.isArray(body) ? (body as readonly Expression[]) : [];
}

/** The call that an expression is: the function's name and its arguments. */
export interface Call {
  readonly name: string;
  readonly args: readonly Term[];
  readonly place: Place | undefined;
  /** The function's reference. */
  readonly called: Term;
}

/** The call that a list of terms is, its function's reference first. */
export function callOf(terms: unknown): Call | undefined {
  if (!Array.isArray(terms)) return undefined;
  const [called, ...args] = terms as readonly Term[];
  if (called?.type !== 'ref') return undefined;
  return { name: dotted(called.value as readonly Term[]), args, place: called.location, called };
}

function dotted(ref: readonly Term[]): string {
  return ref.map(({ value }) => (typeof value === 'string' ? value : '[]')).join('.');
}

/** `every` of an expression. */
export function everyOf({ terms }: Expression): Every | undefined {
  return isNode(terms) && 'domain' in terms ? (terms as unknown as Every) : undefined;
}

/** What `some … in …` goes through, and by which names; undefined for all other expressions. */
export interface Membership {
  readonly key: Term | undefined;
  readonly value: Term;
  readonly domain: Term;
}

export function someInOf({ terms }: Expression): Membership | undefined {
  if (!isNode(terms) || !Array.isArray(terms['symbols'])) return undefined;
  const [symbol] = terms['symbols'] as readonly Term[];
  const call = symbol?.type === 'call' ? callOf(symbol.value) : undefined;
  if (call?.name !== 'internal.member_2' && call?.name !== 'internal.member_3') return undefined;
  const domain = call.args.at(-1);
  const value = call.args.at(-2);
  if (!domain || !value) return undefined;
  return { key: call.args.length === 3 ? call.args[0] : undefined, value, domain };
}

/** Names that `some a, b` declares. */
export function declaredBySome({ terms }: Expression): readonly string[] {
  if (!isNode(terms) || !Array.isArray(terms['symbols'])) return [];
  const found = someInOf({ terms });
  const named = found ? [found.key, found.value] : (terms['symbols'] as readonly Term[]);
  return named.flatMap((term) => (term ? variablesIn(term) : []));
}

/** Names of all variables within. */
export function variablesIn(node: unknown): readonly string[] {
  if (!isNode(node)) return [];
  const { type, value } = node as Term;
  if (type === 'var' && typeof value === 'string') return [value];
  return Object.entries(node).flatMap(([name, child]) => (name === 'location' ? [] : variablesIn(child)));
}

/** Kinds of terms that have a body of their own, and are never undefined whatever it comes to. */
export const comprehensions: ReadonlySet<string> = new Set([
  'arraycomprehension',
  'setcomprehension',
  'objectcomprehension',
]);

/** Whether something is an object or a list. */
export function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
