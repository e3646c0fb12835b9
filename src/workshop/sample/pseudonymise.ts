import type { AuditRecord } from '../../audit/record.ts';
import { isObject } from '../../policy/is-object.ts';
import type { Pseudonym } from './pseudonyms.ts';

/** A record in which nothing names a device, its owner or where it is. */
export interface Pseudonymised {
  readonly record: AuditRecord;
  /** Keys of the policy's input that had a value which was left out: no pseudonym could stand for it. */
  readonly redacted: readonly string[];
}

/** Members whose texts name a device, a certificate, a person or a call, wherever they stand. */
const naming: ReadonlySet<string> = new Set([
  'certificate_fingerprint',
  'certificate_serial',
  'certificates',
  'claimed_device_id',
  'claimed_serial',
  'connection_id',
  'decision_id',
  'device_id',
  'device_owner',
  'fingerprint',
  'gateway',
  'gateways',
  'hardware_serial',
  'id',
  'key',
  'key_digest',
  'keys',
  'attestation_keys',
  'leaf',
  'owner',
  'request_id',
  'serial',
  'sha256',
  'source_ip_outside',
  'span_id',
  'statement',
  'trace_id',
  'ueid',
]);

/** Members of which every text is replaced: holds, and details of reasons and findings, say whom they are about. */
const wholly: ReadonlySet<string> = new Set(['detail', 'holds']);
/** Texts within these that are words of ours. */
const words: ReadonlySet<string> = new Set(['kind', 'code']);
/** What is about enforcement points, CAs and versions, and what the operator gave the policy to go by. */
const untouched: ReadonlySet<string> = new Set(['pep', 'custom', 'versions']);

/** Keys of the input, and of where they come from, that a rule could only compare with the real value. */
const left: Readonly<Record<string, (value: unknown) => unknown>> = {
  source_ip: nothing,
  http_path: nothing,
  network: nothing,
  device_networks: () => [],
  networks: () => [],
  attributes: () => ({}),
  // What a policy of another program saw and answered holds headers, bodies and tokens as they came.
  document: () => undefined,
  response: () => undefined,
};
const leftOfInput = ['source_ip', 'http_path', 'device_networks'] as const;

function nothing(): null {
  return null;
}

/**
 * Replaces what names a device in a whole record by pseudonyms, the same in facts, input, verdict and decision, and leaves
 * out addresses, paths and attributes. Kept are class, site, tags, enforcement point, CAs, firmware and what the
 * configuration hands to the policy under `custom`. Values that were replaced are replaced within other texts too. Pure.
 */
export function pseudonymise(record: AuditRecord, pseudonym: Pseudonym): Pseudonymised {
  const replaced = new Map<string, string>();
  const naming: Naming = {
    plain: pseudonym,
    noted: (value) => {
      const made = pseudonym(value);
      replaced.set(value, made);
      return made;
    },
  };
  const walked = walk(record, naming) as AuditRecord;
  const faults = record.faults.map(({ code, stage }) => ({ code, stage, message: '' }));
  const input = record.input as unknown as Readonly<Record<string, unknown>> | null;
  return {
    record: quoting({ ...walked, faults }, replaced) as AuditRecord,
    redacted: leftOfInput.filter((key) => input !== null && hasValue(input[key])),
  };
}

interface Naming {
  readonly plain: Pseudonym;
  /** As `plain`, of what other texts may quote. */
  readonly noted: Pseudonym;
}

const leastWithin = 6;

function hasValue(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== null && value !== undefined;
}

function walk(node: unknown, pseudonym: Naming): unknown {
  if (Array.isArray(node)) return node.map((item) => walk(item, pseudonym));
  if (!isObject(node)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => [name, member(name, value, pseudonym)]),
  );
}

function member(name: string, value: unknown, pseudonym: Naming): unknown {
  if (untouched.has(name)) return value;
  if (wholly.has(name)) return all(value, pseudonym.plain);
  const leave = Object.hasOwn(left, name) ? left[name] : undefined;
  if (leave) return leave(value);
  // Of a request by HTTP; the certification path is a list.
  if (name === 'path') return typeof value === 'string' ? '' : leafOnly(value, pseudonym);
  return naming.has(name) ? named(value, pseudonym) : walk(value, pseudonym);
}

/** The CAs above the leaf are nobody's devices. */
function leafOnly(path: unknown, pseudonym: Naming): unknown {
  return Array.isArray(path)
    ? path.map((one: unknown, place) => (place === 0 ? named(one, pseudonym) : one))
    : path;
}

function named(value: unknown, pseudonym: Naming): unknown {
  if (typeof value === 'string') return pseudonym.noted(value);
  if (Array.isArray(value)) return value.map((item) => named(item, pseudonym));
  return walk(value, pseudonym);
}

function all(value: unknown, pseudonym: Pseudonym): unknown {
  if (typeof value === 'string') return pseudonym(value);
  if (Array.isArray(value)) return value.map((item) => all(item, pseudonym));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, words.has(name) ? item : all(item, pseudonym)]),
  );
}

/** Members whose texts may quote what was replaced: its pseudonym stands there then. */
const quotes: ReadonlySet<string> = new Set(['because', 'custom', 'headers', 'message']);

function quoting(node: unknown, replaced: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(node)) return node.map((item) => quoting(item, replaced));
  if (!isObject(node)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => {
      if (!quotes.has(name)) return [name, quoting(value, replaced)];
      // A short value of the operator's own is hardly the device that is called the same.
      return [name, quoted(value, { replaced, short: name !== 'custom' })];
    }),
  );
}

interface Quoting {
  readonly replaced: ReadonlyMap<string, string>;
  /** Texts that are a short name as a whole are replaced, too. */
  readonly short: boolean;
}

function quoted(node: unknown, by: Quoting): unknown {
  if (Array.isArray(node)) return node.map((item) => quoted(item, by));
  if (isObject(node)) {
    return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, quoted(value, by)]));
  }
  if (typeof node !== 'string') return node;
  const whole = by.short ? by.replaced.get(node) : undefined;
  if (whole !== undefined) return whole;
  let text = node;
  for (const [value, made] of by.replaced) {
    // Shorter ones could be part of any word.
    if (value.length >= leastWithin && text.includes(value)) text = text.replaceAll(value, made);
  }
  return text;
}
