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
  /** Whether what leads there may be any name, and none that the schema has. */
  readonly isFree: boolean;
  /** The place of a member by its name, or of any element of a list. */
  member(name: string): Place;
  element(): Place;
}

class SchemaPlace implements Place {
  readonly #nodes: readonly Node[];
  readonly #members = new Map<string, Place>();
  #element: Place | undefined;
  readonly kind: PlaceKind;
  readonly isFree: boolean;

  constructor(nodes: readonly Node[], isFree = false) {
    this.isFree = isFree;
    this.#nodes = nodes.flatMap(alternatives);
    this.kind = kindOf(this.#nodes);
  }

  member(name: string): Place {
    const known = this.#members.get(name);
    if (known) return known;
    const isFree = !this.#nodes.some(({ properties }) => properties && Object.hasOwn(properties, name));
    const place = new SchemaPlace(
      this.#nodes.flatMap((node) => memberOf(node, name)),
      isFree,
    );
    // Names in free maps may be many: they share their place's rules but are not remembered without end.
    if (this.#members.size < mostRemembered) this.#members.set(name, place);
    return place;
  }

  element(): Place {
    return (this.#element ??= new SchemaPlace(this.#nodes.flatMap(elementOf)));
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

const noPlace: Place = { kind: 'none', isFree: false, member: () => noPlace, element: () => noPlace };

/** An act's own place: all texts may be replaced but those. */
export const actPlace: Place = {
  kind: 'text',
  isFree: false,
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

/** What the schema says nothing about: anything may stand there, however deep. */
const anything = { type: ['object', 'array', 'string'] } as {
  type: readonly string[];
  additionalProperties?: Node;
  items?: Node;
};
anything.additionalProperties = anything;
anything.items = anything;

function memberOf(node: Node, name: string): readonly Node[] {
  const named = node.properties && Object.hasOwn(node.properties, name) ? node.properties[name] : undefined;
  if (named) return [named];
  const { additionalProperties: others } = node;
  if (typeof others === 'object') return [others];
  const isOpen = others === true || (others === undefined && !node.properties);
  return isOpen && mayBe(node, 'object') ? [anything] : [];
}

function elementOf(node: Node): readonly Node[] {
  if (node.items) return [node.items];
  return mayBe(node, 'array') ? [anything] : [];
}

/** Whether a node takes values of a type; one that says nothing of it takes all. */
function mayBe({ type, anyOf, oneOf, allOf, enum: words, const: word, $ref }: Node, wanted: string): boolean {
  if (type !== undefined) return type === wanted || (Array.isArray(type) && type.includes(wanted));
  return [anyOf, oneOf, allOf, words, word, $ref].every((one) => one === undefined);
}

/** The strictest of all that the schema may mean there. */
function kindOf(nodes: readonly Node[]): PlaceKind {
  // What the schema does not have is no word of a closed list either.
  if (nodes.length === 0) return 'text';
  const words = nodes.filter(({ enum: values, const: one }) => values !== undefined || one !== undefined);
  const texts = nodes.filter(
    ({ type }) => type === 'string' || (Array.isArray(type) && type.includes('string')),
  );
  if (words.length > 0 || texts.length === 0) return 'none';
  const patterns = texts.flatMap(({ pattern }) => (pattern === undefined ? [] : [new RegExp(pattern, 'u')]));
  if (patterns.some((pattern) => !pattern.test(anyDigits))) return 'none';
  return patterns.length > 0 ? 'hex' : 'text';
}
