import type { Decision, MadeDecision } from '../../decision/types.ts';
import type { HeaderOption } from './wire.ts';

/** The headers that tell the upstream what was decided; no client's words under these names ever reach it. */
export const ownHeaders = [
  'x-portreeve-decision',
  'x-portreeve-device',
  'x-portreeve-assurance',
  'x-portreeve-entitlements',
  'x-portreeve-valid-until',
] as const;

const token = /^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/;
/** Visible ASCII and spaces between; what Envoy takes for a header's value without a second thought. */
const safeValue = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
/** Envoy's own limit on a value is 16,384 bytes; upstreams take less. */
const maxValue = 8192;
const maxHeaders = 64;
/** Names by which a header would change the request's framing, route or identity. */
const reserved = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'te',
  'upgrade',
  'trailer',
]);

/**
 * The device that upstreams and the proxy are told of. Not one that is no more than claimed by whoever connects: they
 * would take its name for a known one. The record has it.
 */
export function deviceToTell({ decision, facts }: Pick<MadeDecision, 'decision' | 'facts'>): string | null {
  return facts === null || facts.subject === 'claimed' ? null : decision.device_id;
}

export interface UpstreamHeaders {
  readonly headers: readonly HeaderOption[];
  readonly headers_to_remove: readonly string[];
}

/**
 * Headers for the upstream of a connection that passes. What cannot be sent (a name that is no lower-case token, a
 * reserved one, a value that is too long or not plain ASCII) is left out, and where the name is one, the client's
 * header of that name is removed, so that the upstream sees none rather than a forged one. A name is never both set
 * and removed: Envoy removes after it sets. `device` is the id to tell, null for none (`deviceToTell`).
 */
export function upstreamHeaders(decision: Decision, device: string | null): UpstreamHeaders {
  // Few names: looking through them costs less than a map of them.
  const headers: HeaderOption[] = [];
  const remove: string[] = [];
  const at = (name: string): number => headers.findIndex(({ header }) => header.key === name);
  const want: Want = (name, value) => {
    const fits =
      value !== null && value.length <= maxValue && safeValue.test(value) && headers.length < maxHeaders;
    const place = fits ? at(name) : -1;
    if (place >= 0) headers[place] = overwrite(name, value as string);
    else if (fits) headers.push(overwrite(name, value));
    else if (!remove.includes(name)) remove.push(name);
  };
  wantOurs(decision, device, want);
  wantPolicys(decision, want);
  return { headers, headers_to_remove: remove.filter((name) => at(name) < 0) };
}

/** A header that replaces whatever was there, said in Envoy's newer and its older way. */
export function overwrite(key: string, value: string): HeaderOption {
  return { header: { key, value }, append: { value: false }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}

/** Takes a header that the upstream is to have; null: it is to have none of that name. */
type Want = (name: string, value: string | null) => void;

/** Our five. A denial that is not enforced earns neither entitlements nor time. */
function wantOurs(decision: Decision, device: string | null, want: Want): void {
  const [forDecision, forDevice, forAssurance, forEntitlements, forValidUntil] = ownHeaders;
  const earned = decision.outcome === 'allow';
  const { entitlements } = decision.obligations;
  const listed = earned && entitlements.length > 0;
  want(forDecision, decision.decision_id);
  want(forDevice, device === null ? null : escape(device, ''));
  want(forAssurance, decision.assurance);
  want(forEntitlements, listed ? entitlements.map((one) => escape(one, ',')).join(',') : null);
  want(forValidUntil, earned ? decision.valid_until : null);
}

/** The policy's, which can neither take our names nor those by which proxies work. */
function wantPolicys(decision: Decision, want: Want): void {
  const earned = decision.outcome === 'allow';
  for (const [spelled, value] of Object.entries(decision.obligations.headers)) {
    const name = spelled.toLowerCase();
    if (token.test(name) && !isReserved(name)) want(name, earned ? value : null);
  }
}

function isReserved(name: string): boolean {
  return reserved.has(name) || name.startsWith('x-envoy-') || name.startsWith('x-portreeve-');
}

/** Percent-encodes (UTF-8) spaces, what is not visible ASCII, `%` itself and the given separator. */
function escape(text: string, separator: string): string {
  return text
    .toWellFormed()
    .replace(/[^\x21-\x7e]|%|,/gu, (char) => (char === ',' && separator !== ',' ? char : percent(char)));
}

function percent(char: string): string {
  return [...Buffer.from(char)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
