import recordSchema from '../record.schema.json' with { type: 'json' };

/**
 * What stands for a text that is replaced: `text`, with a word before it; `hex`, bare, where the schema of records asks
 * for hexadecimal digits; `none`: the place has one of few words, a code or a time, and is never replaced.
 */
export type PlaceKind = 'text' | 'hex' | 'none';

interface Node {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly allOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: boolean | Node;
  readonly items?: Node;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
}

const root = recordSchema as unknown as Node & { readonly $defs: Readonly<Record<string, Node>> };

/** A commitment's digits, which a pattern takes or does not. */
const anyDigits = '0a'.repeat(32);

/** Places of a tree that mirrors the schema, found once each. */
export interface Place {
  readonly kind: PlaceKind;
  /** The place of a member by its name, or of any element of a list. */
  member(name: string): Place;
  element(): Place;
}

class SchemaPlace implements Place {
  readonly #nodes: readonly Node[];
  readonly #members = new Map<string, Place>();
  #element: Place | undefined;
  readonly kind: PlaceKind;

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes.flatMap(alternatives);
    this.kind = kindOf(this.#nodes);
  }

  member(name: string): Place {
    const known = this.#members.get(name);
    if (known) return known;
    const place = new SchemaPlace(this.#nodes.flatMap((node) => memberOf(node, name)));
    // Names in free maps may be many: they share their place's rules but are not remembered without end.
    if (this.#members.size < mostRemembered) this.#members.set(name, place);
    return place;
  }

  element(): Place {
    return (this.#element ??= new SchemaPlace(this.#nodes.flatMap(({ items }) => (items ? [items] : []))));
  }
}

const mostRemembered = 256;

/** The record's own place. */
export const recordPlace: Place = new SchemaPlace([root]);

/** Members of acts that say what kind of act it is, when, and by which program, wherever they stand. */
const plainOfActs: ReadonlySet<string> = new Set([
  ...[
    'schema',
    'kind',
    'act',
    'audit_mode',
    'time',
    'program',
    'instance',
    'tenant',
    'epoch',
    'holds',
    'field',
  ],
  ...['status', 'since', 'until', 'issued_before'],
]);

const noPlace: Place = { kind: 'none', member: () => noPlace, element: () => noPlace };

/** An act's own place: all texts may be replaced but those. */
export const actPlace: Place = {
  kind: 'text',
  member: (name) => (plainOfActs.has(name) ? noPlace : actPlace),
  element: () => actPlace,
};

function alternatives(node: Node): readonly Node[] {
  if (node.$ref !== undefined) {
    const found = root.$defs[node.$ref.slice('#/$defs/'.length)];
    return found ? alternatives(found) : [];
  }
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  return [node, ...inner.flatMap(alternatives)];
}

function memberOf(node: Node, name: string): readonly Node[] {
  const named = node.properties && Object.hasOwn(node.properties, name) ? node.properties[name] : undefined;
  if (named) return [named];
  if (typeof node.additionalProperties === 'object') return [node.additionalProperties];
  // An object that the schema says nothing about may hold anything.
  const free = node.type === 'object' && !node.properties && node.additionalProperties !== false;
  return free ? [{ type: ['object', 'string', 'array'] }] : [];
}

/** The strictest of all that the schema may mean there. */
function kindOf(nodes: readonly Node[]): PlaceKind {
  const words = nodes.filter(({ enum: values, const: one }) => values !== undefined || one !== undefined);
  const texts = nodes.filter(
    ({ type }) => type === 'string' || (Array.isArray(type) && type.includes('string')),
  );
  if (words.length > 0 || texts.length === 0) return 'none';
  const patterns = texts.flatMap(({ pattern }) => (pattern === undefined ? [] : [new RegExp(pattern, 'u')]));
  if (patterns.some((pattern) => !pattern.test(anyDigits))) return 'none';
  return patterns.length > 0 ? 'hex' : 'text';
}
