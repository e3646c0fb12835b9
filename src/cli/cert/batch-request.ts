import { parseInstantExact, type EpochMs } from '../../lib/clock.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { repeatedKey } from './json-keys.ts';
import { isOid, purposeOid } from './purposes.ts';

export type RequestId = string | number | null;

/** One line of `cert verify --batch`, checked; texts are PEM. */
export interface BatchRequest {
  readonly id: RequestId;
  readonly anchors: readonly string[];
  readonly intermediates: readonly string[];
  readonly leaf: string;
  readonly crls: readonly string[];
  readonly at: EpochMs;
  /** OIDs. */
  readonly eku: readonly string[];
  readonly max_depth?: number;
  readonly strict: boolean;
  readonly require_revocation: boolean;
  readonly initial_policy_set: readonly string[];
  readonly initial_explicit_policy: boolean;
  readonly initial_policy_mapping_inhibit: boolean;
  readonly initial_inhibit_any_policy: boolean;
}

/** A request that cannot be answered: what is said instead. */
export interface BatchRefusal {
  readonly id: RequestId;
  readonly error: string;
}

type Reader = (value: unknown) => unknown;

/** Every key, and how its value is read; a reader answers undefined for a value of the wrong kind. */
const fields: Readonly<Record<keyof BatchRequest, { readonly read: Reader; readonly what: string }>> = {
  id: { read: readId, what: 'a string or a whole number up to 2^53 - 1' },
  anchors: { read: readTexts, what: 'an array of PEM texts' },
  intermediates: { read: readTexts, what: 'an array of PEM texts' },
  leaf: { read: readText, what: 'a PEM text' },
  crls: { read: readTexts, what: 'an array of PEM texts' },
  at: { read: readInstant, what: 'an RFC 3339 time, such as 2026-11-20T08:00:00Z' },
  eku: { read: (value) => readEach(value, purposeOid), what: 'an array of clientAuth, serverAuth or OIDs' },
  max_depth: { read: readCount, what: 'a whole number, 0 or more' },
  strict: { read: readBoolean, what: 'true or false' },
  require_revocation: { read: readBoolean, what: 'true or false' },
  initial_policy_set: {
    read: (value) => readEach(value, (text) => (isOid(text) ? text : undefined)),
    what: 'an array of OIDs',
  },
  initial_explicit_policy: { read: readBoolean, what: 'true or false' },
  initial_policy_mapping_inhibit: { read: readBoolean, what: 'true or false' },
  initial_inhibit_any_policy: { read: readBoolean, what: 'true or false' },
};

const required = ['id', 'anchors', 'leaf', 'at'] as const;

/** Optional keys whose null is the same as none: programs write it for what they do not have. */
const nullable: ReadonlySet<string> = new Set([
  'intermediates',
  'crls',
  'eku',
  'max_depth',
  'initial_policy_set',
]);

/** What absent keys mean. */
const absent = {
  intermediates: [],
  crls: [],
  eku: [],
  strict: false,
  require_revocation: false,
  initial_policy_set: [],
  initial_explicit_policy: false,
  initial_policy_mapping_inhibit: false,
  initial_inhibit_any_policy: false,
} as const;

/** Reads one line. Whatever is wrong with it is the answer, with the request's id where it has one. */
export function readRequest(text: string): BatchRequest | BatchRefusal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    return { id: null, error: `the line is not JSON: ${describeThrown(thrown)}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { id: null, error: 'the line is not an object' };
  }
  const given = value as Readonly<Record<string, unknown>>;
  const repeated = repeatedKey(text);
  if (repeated === 'id') return { id: null, error: 'the key "id" comes twice' };
  const id = (Object.hasOwn(given, 'id') ? readId(given.id) : undefined) ?? null;
  if (repeated !== undefined) return { id, error: `the key ${JSON.stringify(repeated)} comes twice` };
  try {
    return checkFields(given);
  } catch (thrown) {
    return { id, error: describeThrown(thrown) };
  }
}

function checkFields(given: Readonly<Record<string, unknown>>): BatchRequest {
  const missing = required.filter((key) => !Object.hasOwn(given, key));
  if (missing.length > 0) throw malformed(`required and missing: ${missing.join(', ')}`);
  const checked: Record<string, unknown> = { ...absent };
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(fields, key)) throw malformed(`unknown key ${JSON.stringify(key)}`);
    if (value === null && nullable.has(key)) continue;
    const { read, what } = fields[key as keyof BatchRequest];
    const found = read(value);
    if (found === undefined) throw malformed(`${key} must be ${what}`);
    checked[key] = found;
  }
  return checked as unknown as BatchRequest;
}

function malformed(problem: string): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', problem);
}

function readId(value: unknown): string | number | undefined {
  return typeof value === 'string' || Number.isSafeInteger(value) ? (value as string | number) : undefined;
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function readTexts(value: unknown): readonly string[] | undefined {
  return readEach(value, readText);
}

function readEach<T>(value: unknown, one: (text: string) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const read: T[] = [];
  for (const item of value as unknown[]) {
    const found = typeof item === 'string' ? one(item) : undefined;
    if (found === undefined) return undefined;
    read.push(found);
  }
  return read;
}

function readInstant(value: unknown): EpochMs | undefined {
  return typeof value === 'string' ? parseInstantExact(value) : undefined;
}

function readCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function readBoolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}
