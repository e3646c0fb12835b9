import type { Place, Term } from '../rego-tree/syntax.ts';
import {
  bodyOf,
  callOf,
  comprehensions,
  declaredBySome,
  everyOf,
  isNode,
  someInOf,
  variablesIn,
} from './expressions.ts';
import type { Expression } from './expressions.ts';
import type { CheckedModule } from './parse-modules.ts';
import { pathText, resolve } from './resolve.ts';
import type { RuleIndex } from './resolve.ts';
import type { CheckFinding } from './types.ts';

/** Data that a body goes through. */
interface Iteration {
  /** `data.devices`. */
  readonly over: string;
  readonly place: Place | undefined;
}

/** What a variable of a body stands for while data is gone through. */
interface Bound {
  readonly iteration: Iteration;
  readonly as: 'key' | 'value';
}

interface Scope {
  /** Names of local variables that stand for data as a whole, by `name := data.…`. */
  readonly data: ReadonlyMap<string, Term>;
  readonly bound: ReadonlyMap<string, Bound>;
  /** Names that `some a, b` declares without saying in what. */
  readonly free: ReadonlySet<string>;
  /** Names that have a value before data is gone through. */
  readonly known: ReadonlySet<string>;
}

/** Bodies that go through data to find the entry whose key, or a member of whose value, equals something known. */
export function iterationFindings(
  modules: readonly CheckedModule[],
  index: RuleIndex,
): readonly CheckFinding[] {
  return modules.flatMap((module) =>
    module.rules.flatMap(({ rule }) => {
      const found = new Map<Iteration, CheckFinding>();
      const visit = new BodyVisit(module, index, found);
      const { args } = rule.head as { readonly args?: unknown };
      const scope = { ...noScope, known: new Set(variablesIn(args)) };
      visit.terms(rule.head, scope);
      visit.body(bodyOf(rule), scope);
      return [...found.values()];
    }),
  );
}

const noScope: Scope = { data: new Map(), bound: new Map(), free: new Set(), known: new Set() };

class BodyVisit {
  readonly #module: CheckedModule;
  readonly #index: RuleIndex;
  readonly #found: Map<Iteration, CheckFinding>;

  constructor(module: CheckedModule, index: RuleIndex, found: Map<Iteration, CheckFinding>) {
    this.#module = module;
    this.#index = index;
    this.#found = found;
  }

  body(expressions: readonly Expression[], outer: Scope): void {
    const scope = this.#scopeOf(expressions, outer);
    for (const expression of expressions) {
      const every = everyOf(expression);
      if (every) this.body(every.body, scope);
      else if (!expression.negated) this.#compare(expression, scope);
      this.terms(expression.terms, scope);
    }
  }

  /** Bodies of comprehensions within. */
  terms(node: unknown, scope: Scope): void {
    if (!isNode(node) || 'domain' in node) return;
    const { type, value } = node as Term;
    if (comprehensions.has(type ?? '') && isNode(value) && Array.isArray(value['body']))
      this.body(value['body'] as readonly Expression[], scope);
    else for (const [name, child] of Object.entries(node)) if (name !== 'location') this.terms(child, scope);
  }

  #scopeOf(expressions: readonly Expression[], outer: Scope): Scope {
    const data = new Map(outer.data);
    const bound = new Map(outer.bound);
    const free = new Set(outer.free);
    const known = new Set(outer.known);
    for (const expression of expressions) {
      const call = callOf(expression.terms);
      const [name, value] = call?.name === 'assign' ? call.args : [];
      variablesIn(name).forEach((one) => known.add(one));
      if (name?.type === 'var' && value && this.#overOf(value, data) !== undefined)
        data.set(String(name.value), value);
      const membership = someInOf(expression);
      if (!membership) {
        declaredBySome(expression).forEach((one) => free.add(one));
        continue;
      }
      declaredBySome(expression).forEach((one) => known.add(one));
      const over = this.#overOf(membership.domain, data);
      if (over === undefined) continue;
      const iteration = { over, place: expression.location };
      if (membership.key?.type === 'var') bound.set(String(membership.key.value), { iteration, as: 'key' });
      if (membership.value.type === 'var')
        bound.set(String(membership.value.value), { iteration, as: 'value' });
    }
    return { data, bound, free, known };
  }

  /** The data that a term is, as text; undefined where it is something else, such as what a rule makes. */
  #overOf(term: Term, aliases: ReadonlyMap<string, Term>): string | undefined {
    const alias = term.type === 'var' ? aliases.get(String(term.value)) : undefined;
    const resolved = resolve(alias ?? term, this.#module, this.#index);
    if (resolved?.root !== 'data' || resolved.rule !== undefined || resolved.path.length === 0)
      return undefined;
    return pathText('data', resolved.path);
  }

  #compare(expression: Expression, scope: Scope): void {
    const call = callOf(expression.terms);
    if (call?.name !== 'equal' && call?.name !== 'eq') return;
    const [left, right] = call.args;
    if (!left || !right) return;
    this.#side(left, right, scope);
    this.#side(right, left, scope);
  }

  /** Tells of one side of an equality that it is what is gone through, where the other one does not come of the same. */
  #side(side: Term, other: Term, scope: Scope): void {
    const match = this.#matchOf(side, scope);
    if (!match || this.#found.has(match.iteration)) return;
    const others = variablesIn(other).map((name) => scope.bound.get(name)?.iteration);
    if (others.includes(match.iteration) || variablesIn(other).some((name) => isFree(name, scope))) return;
    this.#found.set(match.iteration, this.#finding(match));
  }

  #matchOf(side: Term, scope: Scope): Match | undefined {
    if (side.type === 'var') {
      const bound = scope.bound.get(String(side.value));
      return bound && { iteration: bound.iteration, by: bound.as, field: undefined };
    }
    if (side.type !== 'ref' || !Array.isArray(side.value)) return undefined;
    const [head, ...rest] = side.value as readonly Term[];
    const bound = head?.type === 'var' ? scope.bound.get(String(head.value)) : undefined;
    const [field] = rest;
    if (bound?.as === 'value' && rest.length === 1 && field?.type === 'string')
      return { iteration: bound.iteration, by: 'field', field: String(field.value) };
    return this.#indexed(side, scope);
  }

  /** `data.things[i].id`, `i` being any. */
  #indexed(side: Term, scope: Scope): Match | undefined {
    const resolved = resolve(side, this.#module, this.#index);
    if (resolved?.root !== 'data' || resolved.rule !== undefined) return undefined;
    const at = resolved.path.findIndex(
      (part) => typeof part !== 'string' && part.type === 'var' && goesThrough(String(part.value), scope),
    );
    const [field, ...deeper] = resolved.path.slice(at + 1);
    if (at < 1 || typeof field !== 'string' || deeper.length > 0) return undefined;
    const iteration = { over: pathText('data', resolved.path.slice(0, at)), place: side.location };
    return { iteration, by: 'field', field };
  }

  #finding({ iteration, by, field }: Match): CheckFinding {
    const { over, place } = iteration;
    const how = {
      key: `take ${over}[…] with the key that is compared`,
      value: `make the data an object or set that is keyed by its values, and ask ${over}[…]`,
      field: `key the data by "${field}" (with a list where several entries share it), and take ${over}[…]`,
    };
    return {
      rule: 'iteration-not-lookup',
      level: 'warning',
      file: this.#module.file,
      row: place?.row ?? 1,
      column: place?.col ?? 1,
      message: `${over} is gone through to find what a key would`,
      advice: how[by],
    };
  }
}

interface Match {
  readonly iteration: Iteration;
  readonly by: 'key' | 'value' | 'field';
  readonly field: string | undefined;
}

/** Whether an index is any: it is free, or has no value from elsewhere. */
function goesThrough(name: string, scope: Scope): boolean {
  return isFree(name, scope) || !scope.known.has(name);
}

/** Wildcards, which the parser names with a dollar sign, and names that are declared without a value. */
function isFree(name: string, { free }: Scope): boolean {
  return name.startsWith('$') || free.has(name);
}
