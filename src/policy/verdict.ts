import { PortreeveError } from '../lib/errors.ts';
import { isCustomCode, isReasonCode } from '../lib/reason-code.ts';
import type { Finding } from '../lib/reason-code.ts';
import { noCustomReasons } from './custom-reasons.ts';
import type { CustomReasons } from './custom-reasons.ts';
import { isObject } from './is-object.ts';
import { readDetailValue, wrongVerdict as wrong } from './told-values.ts';
import type { SharedVerdict, ToldValue } from './told-values.ts';
import type { CustomFinding } from './types.ts';

/** Most of each; far above what a policy needs, low enough that no answer grows past what a wire carries. */
const most = { reasons: 64, details: 16, entitlements: 256, headers: 32, text: 1024, seconds: 1_000_000_000 };

/** RFC 9110 section 5.6.2 token, lower-case as HTTP/2 wants it. */
const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

/** Headers about the message's framing or route, RFC 9110 sections 7.2 and 7.6.1: never a policy's business. */
export const framing: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const printable = /^[\x20-\x7e]*$/;

/** Entitlements travel in one header, separated by commas. */
const entitlement = /^[\x21-\x2b\x2d-\x7e]{1,256}$/;

/**
 * Checks what a policy's evaluation answered and makes a Verdict of it; a `custom.` reason gets what its bundle declares
 * of it. What a rule only names of the input (`{"input": key}` in a detail) is for `withToldValues` to put there. Throws
 * PDP_POLICY_UNDEFINED where the policy said nothing, PDP_POLICY_TRAP where it said more than once or
 * anything but exactly a verdict, or told a reason that is neither in the catalogue nor declared.
 */
export function readVerdict(resultSet: unknown, declared: CustomReasons = noCustomReasons): SharedVerdict {
  if (!Array.isArray(resultSet)) throw wrong('the result', 'a list');
  if (resultSet.length === 0) {
    throw new PortreeveError('PDP_POLICY_UNDEFINED', 'the policy left its decision undefined');
  }
  if (resultSet.length > 1) throw wrong('the result', 'one answer');
  const answer = exactObject(resultSet[0], 'the result', ['result']);
  const verdict = exactObject(answer['result'], 'the decision', [
    'allow',
    'reasons',
    'entitlements',
    'headers',
    'session_limit_s',
    'ttl_s',
  ]);
  if (typeof verdict['allow'] !== 'boolean') throw wrong('allow', 'true or false');
  const told: ToldValue[] = [];
  const reasons = list(verdict['reasons'], 'reasons', most.reasons).map((value, reason) =>
    readReason(value, declared, (name, key) => told.push({ reason, name, key })),
  );
  return {
    allow: verdict['allow'],
    entitlements: list(verdict['entitlements'], 'entitlements', most.entitlements).map(readEntitlement),
    headers: readHeaders(verdict['headers']),
    reasons,
    session_limit_s: readSeconds(verdict['session_limit_s'], 'session_limit_s'),
    ttl_s: readSeconds(verdict['ttl_s'], 'ttl_s'),
    ...(told.length > 0 && { told }),
  };
}

/** Takes the name of a detail's value and the input's key that it is. */
type OnTold = (name: string, key: string) => void;

function readReason(value: unknown, reasons: CustomReasons, onTold: OnTold): Finding | CustomFinding {
  if (!isObject(value)) throw wrong('a reason', 'an object');
  const { code, detail, ...others } = value;
  if (Object.keys(others).length > 0) throw wrong('a reason', 'code and detail alone');
  if (typeof code !== 'string') throw wrong(`reason code ${describe(code)}`, 'a text');
  const read = detail === undefined ? undefined : { detail: readDetail(detail, code, onTold) };
  if (isReasonCode(code)) return { code, ...read };
  const declared = isCustomCode(code) ? reasons.get(code) : undefined;
  if (declared && isCustomCode(code)) return { code, declared, ...read };
  throw wrong(`reason code ${describe(code)}`, 'in the catalogue, nor declared by the bundle');
}

function readDetail(value: unknown, code: string, onTold: OnTold): NonNullable<Finding['detail']> {
  if (!isObject(value)) throw wrong(`detail of ${code}`, 'an object');
  const entries = Object.entries(value);
  if (entries.length > most.details) throw wrong(`detail of ${code}`, `at most ${most.details} values`);
  const detail: Record<string, string | number | boolean> = {};
  for (const [name, item] of entries) {
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(name)) throw wrong(`detail of ${code}`, 'named in snake_case');
    const key = namedKey(item);
    if (key === undefined) detail[name] = readDetailValue(item, `${name} of ${code}`);
    else onTold(name, key);
  }
  return detail;
}

/** The input's key that `{"input": key}` names. */
function namedKey(value: unknown): string | undefined {
  if (!isObject(value) || Object.keys(value).length !== 1) return undefined;
  return typeof value['input'] === 'string' ? value['input'] : undefined;
}

function readEntitlement(value: unknown): string {
  if (typeof value !== 'string' || !entitlement.test(value)) {
    throw wrong(`entitlement ${describe(value)}`, 'visible ASCII without commas');
  }
  return value;
}

function readHeaders(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) throw wrong('headers', 'an object');
  const entries = Object.entries(value);
  if (entries.length > most.headers) throw wrong('headers', `at most ${most.headers}`);
  const headers: Record<string, string> = {};
  for (const [name, text] of entries) {
    if (!headerName.test(name)) throw wrong(`header name ${describe(name)}`, 'a lower-case token');
    if (name.startsWith('x-portreeve-') || framing.has(name)) {
      throw wrong(`header ${name}`, 'one that a policy may set');
    }
    if (!isHeaderText(text)) throw wrong(`header ${name}`, 'printable ASCII');
    headers[name] = text;
  }
  return headers;
}

function isHeaderText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= most.text && printable.test(value);
}

function readSeconds(value: unknown, where: string): number | null {
  if (value === null) return null;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most.seconds) {
    throw wrong(where, 'null or a whole number of seconds above 0');
  }
  return value;
}

function exactObject(value: unknown, where: string, keys: readonly string[]): Record<string, unknown> {
  if (!isObject(value)) throw wrong(where, 'an object');
  const found = Object.keys(value);
  if (found.length !== keys.length || !keys.every((key) => Object.hasOwn(value, key))) {
    throw wrong(where, `exactly {${keys.join(', ')}}`);
  }
  return value;
}

function list(value: unknown, where: string, atMost: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > atMost) throw wrong(where, `a list of at most ${atMost}`);
  return value;
}

function describe(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? 'undefined';
}
