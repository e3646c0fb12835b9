import { formatInstant, parseInstant, type EpochMs } from '../lib/clock.ts';
import { digestText, mostBindings } from './device-fields.ts';
import type { BindingWindow, BoundDigest, IssuedBinding } from './types.ts';

/** Takes one problem of a row, in words. */
type Report = (message: string) => void;

const digest = digestText(64);
const issuerName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const hexDigits = /^[0-9a-f]{1,64}$/;

/**
 * Reads the bindings of one field of an import row: texts, or objects with a window (`since`, `until` as RFC 3339). As
 * text a window follows the binding (`<sha256>;until=2027-01-01T00:00:00Z`), and (issuer, serial) is
 * `<issuer>/<serial>`. Sorted and each once; what is wrong is reported.
 */
export function readBindings(name: string, value: unknown, report: Report): (BoundDigest | IssuedBinding)[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return (report(`${name} must be a list`), []);
  if (value.length > mostBindings) return (report(`${name} has more than ${mostBindings} items`), []);
  const read: Reader = name === 'issued' ? readIssued : readDigest;
  const found = new Map<string, BoundDigest | IssuedBinding>();
  for (const item of value as unknown[]) {
    const one = plainDigest(name, item) ?? readOne(item, read);
    if (typeof one === 'object' && 'problem' in one) {
      report(`${name} ${shown(item)} ${one.problem}`);
      continue;
    }
    const key = bindingKey(one);
    const other = found.get(key);
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(one))
      report(`${name} ${shown(item)} is there twice, with different windows`);
    found.set(key, one);
  }
  if (found.size < 2) return [...found.values()];
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** What is bound, without its window: the digest, or `issuer/serial`. */
export function bindingKey(bound: BoundDigest | IssuedBinding): string {
  if (typeof bound === 'string') return bound;
  return 'sha256' in bound ? bound.sha256 : `${bound.issuer}/${bound.serial}`;
}

/** When it is bound. */
export function windowOf(bound: BoundDigest | IssuedBinding): BindingWindow {
  return typeof bound === 'string' ? {} : bound;
}

/** A binding as files and machines have it: times as RFC 3339. */
export function bindingData(bound: BoundDigest | IssuedBinding): string | object {
  if (typeof bound === 'string') return bound;
  const { since, until, ...what } = bound;
  return {
    ...what,
    ...(since !== undefined && { since: formatInstant(since) }),
    ...(until !== undefined && { until: formatInstant(until) }),
  };
}

/** A binding as text, as CSV cells and people have it. */
export function bindingText(bound: BoundDigest | IssuedBinding): string {
  const { since, until } = windowOf(bound);
  const from = since === undefined ? '' : `;since=${formatInstant(since)}`;
  const to = until === undefined ? '' : `;until=${formatInstant(until)}`;
  return `${bindingKey(bound)}${from}${to}`;
}

type Problem = { readonly problem: string };
type Fields = Readonly<Record<string, unknown>>;
type Reader = (fields: Fields, window: BindingWindow) => BoundDigest | IssuedBinding | Problem;

/** The usual form, by the shortest way: a digest in its normal form. */
function plainDigest(name: string, item: unknown): string | undefined {
  const usual = typeof item === 'string' && item.length === 64 && hexDigits.test(item) && name !== 'issued';
  return usual ? item : undefined;
}

function readOne(item: unknown, read: Reader): BoundDigest | IssuedBinding | Problem {
  const fields = typeof item === 'string' ? textFields(item) : item;
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    return { problem: 'must be a text or an object' };
  if ('problem' in fields) return { problem: String(fields.problem) };
  const { since, until, ...what } = fields as Fields;
  const [from, to] = [readTime(since), readTime(until)];
  if (from === null || to === null)
    return { problem: 'has a since or until that is not RFC 3339, such as 2027-01-01T00:00:00Z' };
  if (from !== undefined && to !== undefined && from >= to) return { problem: 'ends before it begins' };
  return read(what, {
    ...(from !== undefined && { since: from }),
    ...(to !== undefined && { until: to }),
  });
}

/** The fields that a text stands for. */
function textFields(text: string): Fields {
  const [what = '', ...windows] = text.split(';');
  const slash = what.indexOf('/');
  const fields: Record<string, unknown> =
    slash === -1 ? { sha256: what } : { issuer: what.slice(0, slash), serial: what.slice(slash + 1) };
  for (const one of windows) {
    const [, name, at] = /^(since|until)=(.+)$/.exec(one) ?? [];
    if (name === undefined || name in fields)
      return { problem: 'must be followed by ;since=… and ;until=… at most' };
    fields[name] = at;
  }
  return fields;
}

/** Null where it is no time. */
function readTime(value: unknown): EpochMs | undefined | null {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? (parseInstant(value) ?? null) : null;
}

function readDigest({ sha256, ...others }: Fields, window: BindingWindow): BoundDigest | Problem {
  if (Object.keys(others).length > 0 || typeof sha256 !== 'string')
    return { problem: 'must be 64 hex digits, or have sha256 and since, until at most' };
  const hex = digest(sha256);
  if (typeof hex !== 'string') return hex;
  return window.since === undefined && window.until === undefined ? hex : { sha256: hex, ...window };
}

function readIssued({ issuer, serial, ...others }: Fields, window: BindingWindow): IssuedBinding | Problem {
  if (Object.keys(others).length > 0 || typeof issuer !== 'string' || typeof serial !== 'string')
    return { problem: 'must have issuer and serial, and since, until at most' };
  const normal = serial
    .replaceAll(':', '')
    .toLowerCase()
    .replace(/^0x/, '')
    .replace(/^0+(?=.)/, '');
  if (!hexDigits.test(normal)) return { problem: 'has a serial that is not hex' };
  const key = digest(issuer);
  if (typeof key !== 'string' && !issuerName.test(issuer))
    return { problem: "has an issuer that is neither a CA's configured name nor the SHA-256 of its key" };
  return { issuer: typeof key === 'string' ? key : issuer, serial: normal, ...window };
}

function shown(item: unknown): string {
  const text = typeof item === 'string' ? JSON.stringify(item) : (JSON.stringify(item) ?? 'nothing');
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
