import { isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import type { Document, ParsedNode, Scalar, YAMLMap } from 'yaml';
import { objectOf } from '../compare.ts';
import { BuiltinLimitError, builtinLimits, within } from '../limits.ts';
import { OperandError } from '../operands.ts';
import { RegoNumber, RegoObject, isArray } from '../value.ts';
import type { RegoEntry, RegoValue } from '../value.ts';
import { scalarValue } from './scalar.ts';

interface Reading {
  readonly document: Document.Parsed;
  /** Values so far: a few aliases of aliases would make millions. */
  values: number;
}

/**
 * Reads the first document of a YAML text as OPA does (the others have to be well-formed too): YAML 1.2, merge keys, of a
 * key that is there twice the last value, dates as texts. Throws OperandError.
 */
export function readYaml(text: string): RegoValue {
  within(text.length, builtinLimits.documentCharacters, 'characters of a YAML document');
  const documents = parseAllDocuments(text, { schema: 'failsafe', uniqueKeys: false, logLevel: 'silent' });
  if (!Array.isArray(documents)) return null;
  if (documents.some(({ errors }) => errors.length > 0)) throw new OperandError('no YAML');
  const document = documents[0];
  return document ? readNode({ document, values: 0 }, document.contents, 0) : null;
}

function readNode(reading: Reading, node: unknown, depth: number): RegoValue {
  reading.values += 1;
  within(reading.values, builtinLimits.members, 'values of a YAML document');
  within(depth, 200, 'levels of a YAML document');
  if (node === null || node === undefined) return null;
  if (isAlias(node)) {
    const target = node.resolve(reading.document);
    if (!target) throw new OperandError('an alias of nothing');
    return readNode(reading, target, depth + 1);
  }
  if (isScalar(node)) return readScalar(node);
  if (isSeq(node)) return node.items.map((item) => readNode(reading, item, depth + 1));
  if (isMap(node)) return readMap(reading, node, depth);
  throw new OperandError('no YAML');
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
    const read = readNode(reading, value, depth + 1);
    if (isScalar(key) && key.type === 'PLAIN' && key.value === '<<') merged.push(...mergedEntries(read));
    else own.push([keyText(readNode(reading, key, depth + 1)), read]);
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
