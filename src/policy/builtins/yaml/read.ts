import { isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import type { Alias, ParsedNode, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { objectOf } from '../compare.ts';
import { BuiltinLimitError, builtinLimits, within } from '../limits.ts';
import { OperandError } from '../operands.ts';
import { RegoNumber, RegoObject, isArray } from '../value.ts';
import type { RegoEntry, RegoValue } from '../value.ts';
import { scalarValue } from './scalar.ts';

interface Reading {
  /** What each anchor stands for from here on; without a value while that is still being read. */
  readonly anchors: Map<string, Anchored>;
  /** Values so far: a few aliases of aliases would make millions. */
  values: number;
}

interface Anchored {
  read?: { readonly value: RegoValue; readonly values: number };
}

/** Errors are told nobody, and to say where each one stands takes time in proportion to the text. */
const options = { schema: 'failsafe', uniqueKeys: false, logLevel: 'silent', prettyErrors: false } as const;

/**
 * Reads the first document of a YAML text as OPA does (the others have to be well-formed too): YAML 1.2, merge keys, of a
 * key that is there twice the last value, dates as texts. Throws OperandError.
 */
export function readYaml(text: string): RegoValue {
  within(text.length, builtinLimits.documentCharacters, 'characters of a YAML document');
  const documents = parseAllDocuments(text, options);
  if (!Array.isArray(documents)) return null;
  if (documents.some(({ errors }) => errors.length > 0)) throw new OperandError('no YAML');
  const document = documents[0];
  return document ? readNode({ anchors: new Map(), values: 0 }, document.contents, 0) : null;
}

function readNode(reading: Reading, node: unknown, depth: number): RegoValue {
  reading.values += 1;
  within(reading.values, builtinLimits.members, 'values of a YAML document');
  within(depth, 200, 'levels of a YAML document');
  if (node === null || node === undefined) return null;
  if (isAlias(node)) return readAlias(reading, node);
  if (!isScalar(node) && !isSeq(node) && !isMap(node)) throw new OperandError('no YAML');
  if (node.anchor === undefined) return readContent(reading, node, depth);
  const anchored: Anchored = {};
  reading.anchors.set(node.anchor, anchored);
  const before = reading.values;
  const value = readContent(reading, node, depth);
  anchored.read = { value, values: reading.values - before + 1 };
  return value;
}

function readContent(reading: Reading, node: Scalar | YAMLSeq | YAMLMap, depth: number): RegoValue {
  if (isScalar(node)) return readScalar(node);
  if (isSeq(node)) return node.items.map((item) => readNode(reading, item, depth + 1));
  return readMap(reading, node, depth);
}

/** The value of the anchor that stands last before it; the library would go through the whole document for each. */
function readAlias(reading: Reading, { source }: Alias): RegoValue {
  const target = reading.anchors.get(source)?.read;
  if (!target) throw new OperandError('an alias of nothing, or of what it is part of');
  // The alias itself has been counted.
  reading.values += target.values - 1;
  within(reading.values, builtinLimits.members, 'values of a YAML document');
  return target.value;
}

const known = new Set([
  'tag:yaml.org,2002:str',
  'tag:yaml.org,2002:int',
  'tag:yaml.org,2002:float',
  'tag:yaml.org,2002:bool',
  'tag:yaml.org,2002:null',
]);

function readScalar(node: Scalar): RegoValue {
  const text = typeof node.value === 'string' ? node.value : '';
  if (node.tag === undefined) return node.type === 'PLAIN' ? scalarValue(text) : text;
  if (!known.has(node.tag)) throw new BuiltinLimitError(`a YAML tag that is not read: ${node.tag}`);
  return node.tag.endsWith(':str') ? text : scalarValue(text);
}

function readMap(reading: Reading, map: YAMLMap, depth: number): RegoObject {
  const [own, merged]: readonly [RegoEntry[], RegoEntry[]] = [[], []];
  for (const { key, value } of map.items as readonly {
    readonly key: ParsedNode;
    readonly value: unknown;
  }[]) {
    if (isScalar(key) && key.type === 'PLAIN' && key.value === '<<') {
      merged.push(...mergedEntries(readNode(reading, value, depth + 1)));
      continue;
    }
    // In the order of the text, as anchors count from where they stand.
    const name = keyText(readNode(reading, key, depth + 1));
    own.push([name, readNode(reading, value, depth + 1)]);
  }
  return objectOf([...merged, ...own]);
}

/** What a merge key brings: of several maps the first that has a key counts, and the map's own keys before all. */
function mergedEntries(value: RegoValue): readonly RegoEntry[] {
  if (value instanceof RegoObject) return value.entries;
  if (!isArray(value)) throw new OperandError('a merge of no map');
  return value.toReversed().flatMap(mergedEntries);
}

function keyText(key: RegoValue): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'boolean') return String(key);
  if (key instanceof RegoNumber) return key.text;
  throw new OperandError('a key that is no text');
}
