/** The syntax tree that `opa parse --format json --json-include locations` prints, as far as it is read here. */
export interface Term {
  readonly type?: string;
  readonly value?: unknown;
  readonly location?: Place;
}

export interface Place {
  readonly row: number;
  readonly col: number;
  /** Base64 of the text. */
  readonly text?: string;
}

export interface Head {
  readonly ref?: readonly Term[];
  readonly name?: string;
  readonly args?: readonly Term[];
  readonly key?: Term;
  readonly value?: Term;
  readonly location: Place;
}

export interface Rule {
  readonly default?: boolean;
  readonly head: Head;
  readonly body?: unknown;
  readonly else?: Rule;
  readonly location: Place;
}

export interface Tree {
  readonly package: { readonly path: readonly Term[] };
  readonly imports?: readonly { readonly path: Term; readonly alias?: string }[] | null;
  readonly rules?: readonly Rule[] | null;
}

/** Every term below a node, itself included, with the node that it stands in. */
export function* termsIn(
  node: unknown,
  parent?: unknown,
): Generator<{ readonly term: Term; readonly parent: unknown }> {
  if (typeof node !== 'object' || node === null) return;
  if (typeof (node as Term).type === 'string') yield { term: node, parent };
  for (const [name, child] of Object.entries(node)) {
    // Places hold no terms.
    if (name !== 'location') yield* termsIn(child, Array.isArray(node) ? parent : node);
  }
}

/** The parts of a reference that are fixed, from its beginning: variable first. */
export function fixedParts(ref: readonly Term[]): readonly string[] {
  const parts: string[] = [];
  for (const [index, { type, value }] of ref.entries()) {
    if (typeof value !== 'string' || type !== (index === 0 ? 'var' : 'string')) break;
    parts.push(value);
  }
  return parts;
}

/** Lists of terms that are calls: the function's reference first. */
export function* callsIn(node: unknown): Generator<readonly Term[]> {
  if (typeof node !== 'object' || node === null) return;
  const { type, value, terms } = node as Term & { readonly terms?: unknown };
  if (type === 'call' && Array.isArray(value)) yield value as readonly Term[];
  // An expression that is a call has its function and arguments as a list.
  if (Array.isArray(terms)) yield terms as readonly Term[];
  for (const [name, child] of Object.entries(node)) if (name !== 'location') yield* callsIn(child);
}
