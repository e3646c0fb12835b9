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
  const set = new Map<string, string>();
  const remove = new Set<string>();
  for (const [name, value] of [...ownValues(decision, device), ...policyValues(decision)]) {
    const fits = value !== null && value.length <= maxValue && safeValue.test(value) && set.size < maxHeaders;
    if (fits) set.set(name, value);
    else remove.add(name);
  }
  return {
    headers: [...set].map(([key, value]) => overwrite(key, value)),
    headers_to_remove: [...remove].filter((name) => !set.has(name)),
  };
}

/** A header that replaces whatever was there, said in Envoy's newer and its older way. */
export function overwrite(key: string, value: string): HeaderOption {
  return { header: { key, value }, append: { value: false }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}

type Wanted = readonly (readonly [string, string | null])[];

/** Our five. Null: nothing to say. A denial that is not enforced earns neither entitlements nor time. */
function ownValues(decision: Decision, device: string | null): Wanted {
  const earned = decision.outcome === 'allow';
  const { entitlements } = decision.obligations;
  const listed =
    earned && entitlements.length > 0 ? entitlements.map((one) => escape(one, ',')).join(',') : null;
  const values: Record<(typeof ownHeaders)[number], string | null> = {
    'x-portreeve-decision': decision.decision_id,
    'x-portreeve-device': device === null ? null : escape(device, ''),
    'x-portreeve-assurance': decision.assurance,
    'x-portreeve-entitlements': listed,
    'x-portreeve-valid-until': earned ? decision.valid_until : null,
  };
  return Object.entries(values);
}

/** The policy's, which can neither take our names nor those by which proxies work. */
function policyValues(decision: Decision): Wanted {
  const earned = decision.outcome === 'allow';
  return Object.entries(decision.obligations.headers)
    .map(([name, value]) => [name.toLowerCase(), earned ? value : null] as const)
    .filter(([name]) => token.test(name) && !isReserved(name));
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
