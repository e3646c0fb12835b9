import { fixedParts } from '../rego-tree/syntax.ts';
import type { Term } from '../rego-tree/syntax.ts';
import { isNode } from './expressions.ts';
import type { CheckedModule, CheckedRule } from './parse-modules.ts';

/** Rules of a policy by their whole names. */
export type RuleIndex = ReadonlyMap<string, readonly CheckedRule[]>;

export function indexRules(modules: readonly CheckedModule[]): RuleIndex {
  const index = new Map<string, CheckedRule[]>();
  for (const rule of modules.flatMap(({ rules }) => rules)) {
    const known = index.get(rule.name);
    if (known) known.push(rule);
    else index.set(rule.name, [rule]);
  }
  return index;
}

/** What a reference leads to: a document with a path into it, or a rule. */
export interface Resolved {
  readonly root: 'input' | 'data';
  /** All parts after the root; texts for fixed ones, the term for those that are worked out. */
  readonly path: readonly (string | Term)[];
  /** The rule that it is, with the parts that belong to its name; undefined for plain data. */
  readonly rule: string | undefined;
}

/**
 * Resolves a reference (or a variable that stands for one by import or as a rule of the package); undefined for a local
 * variable and for a function of the language.
 */
export function resolve(term: Term, module: CheckedModule, index: RuleIndex): Resolved | undefined {
  const parts = partsOf(term);
  const [first, ...rest] = parts;
  if (typeof first !== 'string') return undefined;
  if (first === 'input') return { root: 'input', path: rest, rule: undefined };
  if (first === 'data') return inData(rest, index);
  const imported = module.imports.get(first);
  if (imported) {
    const [root, ...path] = imported;
    if (root === 'data') return inData([...path, ...rest], index);
    return root === 'input' ? { root, path: [...path, ...rest], rule: undefined } : undefined;
  }
  const own = [...module.package, ...parts];
  const found = inData(own, index);
  return found.rule === undefined ? undefined : found;
}

function inData(path: readonly (string | Term)[], index: RuleIndex): Resolved {
  let name = '';
  let rule: string | undefined;
  for (const part of path) {
    if (typeof part !== 'string') break;
    name = name === '' ? part : `${name}.${part}`;
    if (index.has(name)) rule = name;
  }
  return { root: 'data', path, rule };
}

/**
 * Whether a path in data goes through packages and comes to rules, as `data.rules[_].deny` does: a package without such a
 * rule has nothing to say there.
 */
export function gathersRules(path: readonly (string | Term)[], index: RuleIndex): boolean {
  if (path.every((part) => typeof part === 'string')) return false;
  const isOn = (name: string): boolean => {
    const parts = name.split('.');
    return (
      parts.length <= path.length &&
      parts.every((part, at) => (typeof path[at] === 'string' ? path[at] === part : path[at]?.type === 'var'))
    );
  };
  return [...index.keys()].some(isOn);
}

/** First the variable, then texts where they are fixed. */
function partsOf({ type, value }: Term): readonly (string | Term)[] {
  if (type === 'var') return typeof value === 'string' ? [value] : [];
  if (type !== 'ref' || !Array.isArray(value)) return [];
  const terms = value as readonly Term[];
  const fixed = fixedParts(terms);
  if (fixed.length === 0) return [];
  const [head, ...rest] = terms;
  return [
    String(head?.value),
    ...rest.map((part) => (part.type === 'string' && typeof part.value === 'string' ? part.value : part)),
  ];
}

/** Text of a path for people, `data.classes[input.device_class].limit`. */
export function pathText(root: string, path: readonly (string | Term)[]): string {
  return root + path.map((part) => (typeof part === 'string' ? `.${part}` : `[${termText(part)}]`)).join('');
}

function termText(term: Term): string {
  const { type, value } = term;
  if (type === 'ref' && Array.isArray(value)) {
    const [head, ...rest] = value as readonly Term[];
    return pathText(
      String(head?.value),
      rest.map((part) => (part.type === 'string' ? String(part.value) : part)),
    );
  }
  return isNode(value) ? '…' : JSON.stringify(value).replaceAll('"', type === 'var' ? '' : '"');
}
