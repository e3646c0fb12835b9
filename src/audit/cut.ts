import { sha256Hex } from '../lib/bytes.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { below, valueAt, withValues } from './redact/pointer.ts';

/** Most bytes of a record: an entry of the log has a length of two bytes before it. */
export const mostRecordBytes = 65_535;

/** A part that was left out of a record. */
export interface CutPart {
  /** JSON pointer. */
  readonly path: string;
  /** Of its RFC 8785 text, UTF-8. */
  readonly bytes: number;
  /** SHA-256 of that text, lower-case hex. */
  readonly sha256: string;
}

/** Characters up to which a text is not worth cutting. */
const shortText = 256;

/** UTF-16 units that are never more bytes than a record may have. */
const surelyFits = Math.floor(mostRecordBytes / 3);

/**
 * Parts in the order in which they go: what the policy saw of the request; what facts, input and verdict list, the largest
 * first; what obligations list, and what reasons and faults say beside their codes; input, verdict and facts whole; what a
 * change consisted of; at last every long text. Never the decision, or who asked.
 */
const turns: readonly ((record: object) => readonly Part[])[] = [
  (record) => (valueAt(record, '/document') === undefined ? [] : [{ path: '/document', left: undefined }]),
  (record) => ['/facts', '/input', '/verdict', '/tags', '/detail'].flatMap((path) => lists(record, path)),
  (record) =>
    ['/obligations', '/reasons', '/faults', '/why', '/selector'].flatMap((path) => lists(record, path)),
  (record) => wholes(record, ['/input', '/verdict', '/facts'], null),
  (record) => wholes(record, ['/detail'], {}),
  (record) => texts(record),
];

/**
 * Lists that stay as long as the record fits without others: the CRLs of an issuer with very many parts, and the networks of
 * an enforcement point. Where it does not, they go first, because all that the others hold would go in vain.
 */
const turnsWithoutLists: typeof turns = [
  (record) => ['/versions/crls', '/pep/networks'].flatMap((path) => lists(record, path)),
  ...turns,
];

interface Part {
  readonly path: string;
  /** What stands in its place; undefined: nothing does. */
  readonly left: unknown;
}

/**
 * The text of a record (RFC 8785) within the bytes that it may have. Where it would be longer, parts go, the largest
 * first, until it is not; each is named under `cut` with its length and digest.
 */
export function fitRecord(record: object, most = mostRecordBytes): string {
  const whole = canonicalJson(record);
  if (whole.length <= Math.min(surelyFits, most / 3)) return whole;
  if (Buffer.byteLength(whole) <= most) return whole;
  const fitted = cutDown(record, turns, most);
  return Buffer.byteLength(fitted) <= most ? fitted : cutDown(record, turnsWithoutLists, most);
}

/** The text of the record once it fits, else without all that goes in these turns. */
function cutDown(record: object, inOrder: typeof turns, most: number): string {
  let fitted: object = record;
  let cut: readonly CutPart[] = [];
  for (const partsOf of inOrder) {
    for (const { part, size } of bySize(fitted, partsOf(fitted))) {
      // It went with what it was a part of.
      if (valueAt(fitted, part.path) === undefined || size === 0) continue;
      const text = canonicalJson(valueAt(record, part.path));
      const outer = cut.filter(({ path }) => !path.startsWith(`${part.path}/`));
      cut = [...outer, { path: part.path, bytes: Buffer.byteLength(text), sha256: sha256Hex(text) }];
      fitted = { ...without(fitted, part), cut };
      const shorter = canonicalJson(fitted);
      if (Buffer.byteLength(shorter) <= most) return shorter;
    }
  }
  return canonicalJson(fitted);
}

/** The record without a part, and without the names of commitments that went with it. */
function without(record: object, { path, left }: Part): object {
  const rest: { readonly redacted?: readonly string[] } = withValues(record, new Map([[path, left]]));
  if (!rest.redacted) return rest;
  const redacted = rest.redacted.filter((one) => one !== path && !one.startsWith(`${path}/`));
  return { ...rest, redacted };
}

/** Parts, the largest first; outer ones are no larger than what is in them and come after it. */
function bySize(
  record: object,
  parts: readonly Part[],
): readonly { readonly part: Part; readonly size: number }[] {
  return parts
    .map((part) => ({ part, size: Buffer.byteLength(canonicalJson(valueAt(record, part.path))) }))
    .sort((a, b) => b.size - a.size || (a.part.path < b.part.path ? -1 : 1));
}

/** Lists and free maps below a place that hold much, and long texts; the outermost of them. */
function lists(record: object, path: string): readonly Part[] {
  const found: Part[] = [];
  const look = (value: unknown, pointer: string): void => {
    const left = leftOf(value, pointer);
    if (left !== undefined && Buffer.byteLength(canonicalJson(value)) > shortText) {
      found.push({ path: pointer, left });
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) look(member, below(pointer, name));
  };
  look(valueAt(record, path), path);
  return found;
}

/** Below the record's own members, maps by any name; every other object has members that must be there. */
const freeMaps = /.\/(attributes|custom|detail|headers|vector)$/;

/** Lists in which something must stand. */
const keptLists = /^\/(reasons|faults)$/;

function leftOf(value: unknown, pointer: string): unknown {
  if (typeof value === 'string') return value.length > shortText ? '' : undefined;
  if (Array.isArray(value)) return keptLists.test(pointer) ? undefined : [];
  if (typeof value === 'object' && value !== null && freeMaps.test(pointer)) return {};
  return undefined;
}

/** Whole members, and what stands there in records that never had any. */
function wholes(record: object, paths: readonly string[], left: unknown): readonly Part[] {
  return paths.flatMap((path) => {
    const value = valueAt(record, path);
    return value === undefined || value === null ? [] : [{ path, left }];
  });
}

/** Every other long text, wherever it stands. */
function texts(record: object): readonly Part[] {
  const found: Part[] = [];
  const look = (value: unknown, pointer: string): void => {
    if (typeof value === 'string' && value.length > shortText) found.push({ path: pointer, left: '' });
    if (typeof value !== 'object' || value === null || pointer === '/cut' || pointer === '/versions') return;
    for (const [name, member] of Object.entries(value)) look(member, below(pointer, name));
  };
  look(record, '');
  return found;
}
