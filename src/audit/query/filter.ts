import type { EpochMs } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { contains, parseNetwork } from '../../lib/ip-network.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import type { RecordEntry } from '../sources/types.ts';
import { fieldNames, valuesOf } from './fields.ts';
import type { AnyRecord, FieldName } from './fields.ts';
import { partsOf } from './parts.ts';

/** Which records are wanted: those that have every named value, within the time. */
export interface Filter {
  /** From then on. */
  readonly since?: EpochMs;
  /** Before then. */
  readonly until?: EpochMs;
  readonly fields: Readonly<Partial<Record<FieldName, string>>>;
  /** How long ago (ms) the times were asked for, where they were asked for so: they move on from one query to the next. */
  readonly ago?: { readonly since?: number; readonly until?: number };
}

/** Fields that are wanted, with their values, in the order of `fieldNames`. */
export function wantedOf({ fields }: Filter): readonly (readonly [FieldName, string])[] {
  return fieldNames.flatMap((name) => {
    const value = fields[name];
    return value === undefined ? [] : [[name, value] as const];
  });
}

/** What a record of an act can be found by: all other fields are those of decisions and signs of life. */
const actFields: readonly FieldName[] = ['kind', 'act', 'tenant', 'device'];

/** Whether records of acts can match. */
export function mayBeAct(filter: Filter): boolean {
  const { kind = 'act' } = filter.fields;
  return kind === 'act' && wantedOf(filter).every(([name]) => actFields.includes(name));
}

/** Makes the test of a record: one of its parts has all values. Throws PDP_USAGE for a network that is none. */
export function createMatcher(filter: Filter): (entry: Pick<RecordEntry, 'record' | 'time'>) => boolean {
  const { since = -Infinity, until = Infinity } = filter;
  const holds = createPartMatcher(filter);
  return ({ record, time }) =>
    time >= since && time < until && partsOf(record).some((part) => holds(part.record));
}

/** Makes the test of a record's part, whatever its time. Throws as `createMatcher`. */
export function createPartMatcher(filter: Filter): (part: AnyRecord) => boolean {
  const tests = wantedOf(filter).map(([name, value]) =>
    name === 'network' ? networkTest(value) : valueTest(name, value),
  );
  return (part) => tests.every((holds) => holds(part));
}

type Test = (record: AnyRecord) => boolean;

function valueTest(name: FieldName, value: string): Test {
  return (record) => valuesOf(record, name).includes(value);
}

function networkTest(text: string): Test {
  const wanted = parseNetwork(text);
  if (!wanted)
    throw new PortreeveError('PDP_USAGE', `${text} is neither an address nor a network (10.0.0.0/8)`);
  return (record) => {
    const own = valuesOf(record, 'network')[0];
    const found = own === undefined ? undefined : parseNetwork(own);
    return found !== undefined && contains(wanted, found);
  };
}

/** Fields of which a record need not have the value in its bytes: it is made of others, or written otherwise. */
const derivedFields: readonly FieldName[] = ['network', 'outcome'];

/**
 * A text that every record that matches has in its bytes, unless these have it escaped (`lacks`). Undefined where there is
 * none: texts may be escaped, networks are not written as they are asked for, and that merged denials are denials is said by
 * their kind.
 */
export function needleOf(filter: Filter): Buffer | undefined {
  const plain = wantedOf(filter)
    .filter(([name, value]) => !derivedFields.includes(name) && /^[\w.:-]+$/.test(value))
    .map(([, value]) => value);
  const longest = plain.toSorted((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : Buffer.from(longest);
}

/** How JSON begins what may stand for any character. */
const anyEscape = Buffer.from('\\u');

/**
 * Whether no text in the bytes of a record has the needle, so that they need not be parsed. What has an escape by number
 * is parsed: records have those of control characters alone, and what was signed may have others.
 */
export function lacks(bytes: Uint8Array, needle: Buffer): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return text.indexOf(needle) < 0 && text.indexOf(anyEscape) < 0;
}

/** Names a filter as it was asked for: a cursor goes on with the same one only. */
export function filterDigest(filter: Filter): string {
  const { since = null, until = null, ago = {} } = filter;
  const asked = [
    ago.since === undefined ? since : { ago: ago.since },
    ago.until === undefined ? until : { ago: ago.until },
  ];
  return sha256Hex(JSON.stringify([...asked, wantedOf(filter)])).slice(0, 16);
}
