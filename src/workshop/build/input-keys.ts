import { PortreeveError } from '../../lib/errors.ts';
import type { Opa } from '../opa/find.ts';
import { runOpaSync } from '../opa/run.ts';
import type { Project } from '../project/types.ts';

interface Term {
  readonly type?: unknown;
  readonly value?: unknown;
}

/**
 * Names of all keys that the project's modules read directly under `input`, sorted, from the syntax tree that `opa parse`
 * makes. Undefined where one of them takes the input as a whole, or a key by a name that is worked out: then any may be
 * read. Throws PDP_POLICY_INVALID with opa's words where it cannot read a module.
 */
export function inputKeysOf(opa: Opa, project: Project): readonly string[] | undefined {
  const keys = new Set<string>();
  const flags = project.regoVersion === 0 ? ['--v0-compatible'] : [];
  for (const module of project.modules) {
    const parsed = runOpaSync(opa, ['parse', '--format', 'json', ...flags, module], { cwd: project.folder });
    if (parsed.status !== 0) {
      throw new PortreeveError('PDP_POLICY_INVALID', `opa parse: ${parsed.stderr}${parsed.stdout}`.trim());
    }
    if (!collect(JSON.parse(parsed.stdout), keys)) return undefined;
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
  // Annotations say what type the input has, and read nothing of it.
  return Object.entries(node).every(([name, child]) => name === 'annotations' || collect(child, keys));
}

function isVar(term: unknown, name: string): boolean {
  const { type, value } = (term ?? {}) as Term;
  return type === 'var' && value === name;
}
