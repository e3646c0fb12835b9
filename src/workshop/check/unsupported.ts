import type { Place, Term } from '../rego-tree/syntax.ts';
import { builtinAdvice, unknownAdvice } from './builtin-advice.ts';
import { callOf, isNode } from './expressions.ts';
import type { CheckedModule } from './parse-modules.ts';
import { indexRules } from './resolve.ts';
import type { CheckFinding } from './types.ts';

/** Names of functions: all that the compiler knows, and those that the policy may use. */
export interface BuiltinNames {
  readonly known: ReadonlySet<string>;
  readonly allowed: ReadonlySet<string>;
}

/** Every call of a built-in function that the engine lacks, with what to use instead. */
export function unsupportedBuiltins(
  modules: readonly CheckedModule[],
  { known, allowed }: BuiltinNames,
): readonly CheckFinding[] {
  const own = indexRules(modules);
  return modules.flatMap((module) =>
    module.rules.flatMap(({ rule: { head, body } }) =>
      [...usesIn([head, body])]
        .filter(({ name }) => known.has(name) && !allowed.has(name))
        // A policy may name a function of its own so.
        .filter(({ name }) => !own.has([...module.package, name].join('.')))
        .map(({ name, place }) => finding(module.file, name, place)),
    ),
  );
}

interface Use {
  readonly name: string;
  readonly place: Place | undefined;
}

/** Functions that are called within, by their whole names. */
export function* usesIn(node: unknown): Generator<Use> {
  if (!isNode(node)) return;
  const { type, value, location } = node as Term;
  const { terms } = node;
  const call = type === 'call' ? callOf(value) : callOf(terms);
  if (call) yield { name: call.name, place: call.place ?? location };
  if (type === 'templatestring') yield { name: 'internal.template_string', place: location };
  for (const [name, child] of Object.entries(node)) if (name !== 'location') yield* usesIn(child);
}

function finding(file: string, name: string, place: Place | undefined): CheckFinding {
  const what = name === 'internal.template_string' ? 'template strings' : name;
  return {
    rule: 'unsupported-builtin',
    level: 'error',
    file,
    row: place?.row ?? 1,
    column: place?.col ?? 1,
    message: `the engine has no ${what}`,
    advice: `use ${builtinAdvice[name] ?? unknownAdvice}`,
  };
}
