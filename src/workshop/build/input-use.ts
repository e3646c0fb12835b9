import { readFileSync } from 'node:fs';
import { PortreeveError } from '../../lib/errors.ts';
import { inputSchemaPath, isInputVersion } from '../../policy/input-versions.ts';
import type { OnlyUse } from '../../policy/verdict-memory.ts';
import type { Opa } from '../opa/find.ts';
import { runOpaSync } from '../opa/run.ts';
import { findFiles } from '../project/find-files.ts';
import type { Project } from '../project/types.ts';

/** What a project's rules read of the input. */
export interface FoundUse {
  /** Names of all keys that they read directly under `input`, or name, sorted. */
  readonly keys: readonly string[];
  /** Of these, the ones of which no verdict depends on more than this. */
  readonly only: Readonly<Record<string, OnlyUse>>;
}

interface Term {
  readonly type?: unknown;
  readonly value?: unknown;
}

/** Keys by how they are used. */
interface Uses {
  readonly read: Set<string>;
  readonly asksForNull: Set<string>;
  readonly told: Set<string>;
  /** Whether `==` or `!=` may be something else than Rego's own: they are looked up by name, as any function. */
  redefined: boolean;
}

/** What `==` and `!=` are called in the syntax tree. */
const comparisons = ['equal', 'neq'];

/**
 * The Rego files that the compiler reads, relative to the project: its modules, and whatever lies among its data, tests and
 * hidden files too, for it loads all that is there.
 */
export function loadedModules({ folder, modules, data }: Project): readonly string[] {
  return [...new Set([...modules, ...findFiles(folder, data, ['.rego'], true)])].sort();
}

/**
 * What the project's modules read of the input, from the syntax tree that `opa parse` makes: `input.key`, whether
 * `input.key` is null where it is compared with null and nothing else, and what they only name, `{"input": "key"}`.
 * Undefined where one of them takes the input as a whole, or a key by a name that is worked out: then any may be read.
 * Throws PDP_POLICY_INVALID with opa's words where it cannot read a module.
 */
export function inputUseOf(opa: Opa, project: Project): FoundUse | undefined {
  const uses: Uses = { read: new Set(), asksForNull: new Set(), told: new Set(), redefined: false };
  const flags = project.regoVersion === 0 ? ['--v0-compatible'] : [];
  for (const module of loadedModules(project)) {
    const parsed = runOpaSync(opa, ['parse', '--format', 'json', ...flags, module], { cwd: project.folder });
    if (parsed.status !== 0) {
      throw new PortreeveError('PDP_POLICY_INVALID', `opa parse: ${parsed.stderr}${parsed.stdout}`.trim());
    }
    if (!collect(JSON.parse(parsed.stdout), uses)) return undefined;
  }
  const { read, asksForNull } = uses;
  const known = schemaKeys(project.inputVersion);
  // An object of data may look like it; a key that the input does not have stands for nothing.
  const told = [...uses.told].filter((key) => known.has(key));
  const keys = [...new Set([...read, ...asksForNull, ...told])].sort();
  const only = keys
    .filter((key) => !read.has(key) && known.has(key) && !(uses.redefined && asksForNull.has(key)))
    .map((key) => [key, asksForNull.has(key) ? 'null' : 'told'] as const);
  return { keys, only: Object.fromEntries(only) };
}

/** The keys of the input; of a version that is not written here, none. */
function schemaKeys(version: number): ReadonlySet<string> {
  if (!isInputVersion(version)) return new Set();
  const { properties } = JSON.parse(readFileSync(inputSchemaPath(version), 'utf8')) as { properties: object };
  return new Set(Object.keys(properties));
}

/** Whether every use of `input` within is of a key by its name. */
function collect(node: unknown, uses: Uses): boolean {
  if (typeof node !== 'object' || node === null) return true;
  if (mayRedefine(node)) uses.redefined = true;
  const compared = comparedWithNull(node);
  if (compared !== undefined) {
    uses.asksForNull.add(compared);
    // What it is asked with may read more.
    return collectAll({ ...node, terms: null }, uses);
  }
  const { type, value } = node as Term;
  if (type === 'var' && value === 'input') return false;
  if (type === 'object') collectNamed(value, uses.told);
  if (type === 'ref') {
    const key = inputKey(node);
    if (key === undefined) return collectAll(node, uses);
    uses.read.add(key);
    return collect((value as readonly Term[]).slice(2), uses);
  }
  return collectAll(node, uses);
}

function collectAll(node: object, uses: Uses): boolean {
  // Annotations say what type the input has, and read nothing of it. Operators are none of a rule's own.
  return Object.entries(withoutOperator(node)).every(
    ([name, child]) => name === 'annotations' || collect(child, uses),
  );
}

/** An expression or a call without the comparison that it is, where it is one. */
function withoutOperator(node: object): object {
  const { terms, type, value } = node as { readonly terms?: unknown } & Term;
  if (Array.isArray(terms) && isComparison(terms[0])) return { ...node, terms: terms.slice(1) };
  if (type === 'call' && Array.isArray(value) && isComparison(value[0]))
    return { ...node, value: value.slice(1) };
  return node;
}

/**
 * Whether a name, an alias or a text is that of a comparison, but for the operator itself: rules, imports and `with` can put
 * another function in its place.
 */
function mayRedefine(node: object): boolean {
  const { name, alias, value } = node as { readonly name?: unknown; readonly alias?: unknown } & Term;
  return [name, alias, value].some((one) => typeof one === 'string' && comparisons.includes(one));
}

function isComparison(term: unknown): boolean {
  return comparisons.some((name) => isOperator(term, name));
}

/** The key that a reference reads directly under `input`. */
function inputKey(term: unknown): string | undefined {
  const { type, value } = (term ?? {}) as Term;
  if (type !== 'ref' || !Array.isArray(value) || !isVar(value[0], 'input')) return undefined;
  const key = value[1] as Term | undefined;
  return key?.type === 'string' && typeof key.value === 'string' ? key.value : undefined;
}

/** The key in `input.key == null` and `input.key != null`, either way round, as an expression by itself. */
function comparedWithNull(expression: object): string | undefined {
  const { terms } = expression as { readonly terms?: unknown };
  if (!Array.isArray(terms) || terms.length !== 3) return undefined;
  const [operator, a, b] = terms as readonly unknown[];
  if (!isComparison(operator)) return undefined;
  const other = isNull(b) ? a : isNull(a) ? b : undefined;
  const isKeyAlone =
    (other as Term | undefined)?.type === 'ref' && (other as { value: unknown[] }).value.length === 2;
  return isKeyAlone ? inputKey(other) : undefined;
}

function isOperator(term: unknown, name: string): boolean {
  const { type, value } = (term ?? {}) as Term;
  return type === 'ref' && Array.isArray(value) && value.length === 1 && isVar(value[0], name);
}

function isNull(term: unknown): boolean {
  return (term as Term | undefined)?.type === 'null';
}

/** `{"input": "key"}` in a reason's detail names a value that the program puts there. */
function collectNamed(members: unknown, told: Set<string>): void {
  if (!Array.isArray(members) || members.length !== 1) return;
  const [name, key] = members[0] as readonly (Term | undefined)[];
  if (name?.type === 'string' && name.value === 'input' && typeof key?.value === 'string')
    told.add(key.value);
}

function isVar(term: unknown, name: string): boolean {
  const { type, value } = (term ?? {}) as Term;
  return type === 'var' && value === name;
}
