/** Finds out which keys of the policy's input Rego reads, from the syntax tree that `opa parse` makes. */
import { execFileSync } from 'node:child_process';

interface Term {
  readonly type?: unknown;
  readonly value?: unknown;
}

/**
 * Names of all keys that the modules read directly under `input`, sorted. Undefined where one of them takes the input as
 * a whole, or a key by a name that is worked out: then any may be read. Throws where `opa` cannot read a module.
 */
export function inputKeysOf(opa: string, files: readonly string[]): readonly string[] | undefined {
  const keys = new Set<string>();
  for (const file of files) {
    const tree: unknown = JSON.parse(
      execFileSync(opa, ['parse', '--format', 'json', file], { encoding: 'utf8' }),
    );
    if (!collect(tree, keys)) return undefined;
  }
  return [...keys].sort();
}

/** Whether every use of `input` within is of a key by its name. */
function collect(node: unknown, keys: Set<string>): boolean {
  if (typeof node !== 'object' || node === null) return true;
  const { type, value } = node as Term;
  if (type === 'var' && value === 'input') return false;
  if (type === 'ref' && Array.isArray(value) && isVar(value[0], 'input')) {
    const [, key, ...rest] = value as readonly Term[];
    if (key?.type !== 'string' || typeof key.value !== 'string') return false;
    keys.add(key.value);
    return collect(rest, keys);
  }
  return Object.values(node).every((child) => collect(child, keys));
}

function isVar(term: unknown, name: string): boolean {
  const { type, value } = (term ?? {}) as Term;
  return type === 'var' && value === name;
}
