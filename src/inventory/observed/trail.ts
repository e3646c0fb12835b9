import type { EpochMs } from '../../lib/clock.ts';
import { masked, networkText, parseAddress, parseNetwork } from '../../lib/ip-network.ts';
import type { KeyUse } from './types.ts';

/** When uses of one key count as sharing; `shared_use` of the configuration, milliseconds. */
export interface SharingRules {
  readonly window: number;
  readonly moves: number;
  readonly ipv4_prefix: number;
  readonly ipv6_prefix: number;
}

/** Of what a key had more than one within the window, the gravest, and how often it moved. */
export interface Sharing {
  readonly scope: 'devices' | 'gateways' | 'networks';
  readonly moves: number;
}

/** Stays of one key that are remembered: more than any number of moves that may be allowed. */
const longestTrail = 20;

/**
 * A key's stays in one place after another, oldest first, and one more use. A use where the key was last only prolongs
 * the stay; what lies before the window is left out, and what lies after it, by a clock that had leapt ahead. Uses may
 * come a little out of order: each counts when it comes.
 */
export function extendTrail(trail: readonly KeyUse[], use: KeyUse, windowMs: number): readonly KeyUse[] {
  const recent = trail.filter((stay) => Math.abs(stay.last_used - use.last_used) <= windowMs);
  const last = recent.at(-1);
  if (last === undefined || !samePlace(last, use)) return [...recent, use].slice(-longestTrail);
  return [...recent.slice(0, -1), { ...use, last_used: Math.max(last.last_used, use.last_used) }];
}

/** Whether a trail up to `now` shows a key that is shared; undefined where it does not. */
export function judgeTrail(trail: readonly KeyUse[], rules: SharingRules, now: EpochMs): Sharing | undefined {
  const { window, moves: allowed } = rules;
  const recent = trail.filter((stay) => Math.abs(stay.last_used - now) <= window);
  const gateways = changes(
    recent.map(({ gateway }) => gateway),
    (a, b) => a === b,
  );
  const networks = changes(
    recent.flatMap(({ network }) => network ?? []),
    (a, b) => sameNetwork(a, b, rules),
  );
  const moves = Math.max(gateways, networks);
  if (new Set(recent.map((stay) => stay.device_id)).size > 1) return { scope: 'devices', moves };
  if (gateways > allowed) return { scope: 'gateways', moves };
  return networks > allowed ? { scope: 'networks', moves } : undefined;
}

/**
 * The network of an address, by the prefix for its family, as CIDR; null for what is no address. Addresses are compared
 * by network because one device may well change its address within one.
 */
export function networkOf(
  address: string | null,
  { ipv4_prefix: v4, ipv6_prefix: v6 }: Pick<SharingRules, 'ipv4_prefix' | 'ipv6_prefix'>,
): string | null {
  const parsed = address === null ? undefined : parseAddress(address);
  if (parsed === undefined) return null;
  const { bits, base } = parsed;
  const prefix = bits === 32 ? v4 : v6;
  return networkText({ bits, prefix, base: masked(base, bits, prefix) });
}

function samePlace(a: KeyUse, b: KeyUse): boolean {
  if (a.gateway !== b.gateway || a.device_id !== b.device_id) return false;
  return a.network === null || b.network === null
    ? a.network === b.network
    : sameNetwork(a.network, b.network);
}

/**
 * Whether two networks are one, by the bits that both tell of and that are asked for. Uses that were noted before a
 * prefix was another one have networks by that one, here, in the store and on their way: their texts differ although the
 * address is the same, and nobody has moved.
 */
function sameNetwork(
  a: string,
  b: string,
  prefixes?: Pick<SharingRules, 'ipv4_prefix' | 'ipv6_prefix'>,
): boolean {
  if (a === b) return true;
  const [one, other] = [prefixOf(a), prefixOf(b)];
  const asked = (a.includes(':') ? prefixes?.ipv6_prefix : prefixes?.ipv4_prefix) ?? Infinity;
  const prefix = Math.min(one, other, asked);
  // As it nearly always is: both are by the prefix that counts, and equal networks have equal texts.
  if (one === prefix && other === prefix) return false;
  const [first, second] = [parseNetwork(a), parseNetwork(b)];
  if (first === undefined || first.bits !== second?.bits) return false;
  return masked(first.base, first.bits, prefix) === masked(second.base, second.bits, prefix);
}

function prefixOf(network: string): number {
  return Number(network.slice(network.lastIndexOf('/') + 1));
}

function changes(places: readonly string[], same: (a: string, b: string) => boolean): number {
  return places.filter((place, index) => index > 0 && !same(place, places[index - 1] ?? place)).length;
}
