import type { EpochMs } from '../../lib/clock.ts';
import { masked, networkText, parseAddress } from '../../lib/ip-network.ts';
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
export function judgeTrail(
  trail: readonly KeyUse[],
  { window, moves: allowed }: Pick<SharingRules, 'window' | 'moves'>,
  now: EpochMs,
): Sharing | undefined {
  const recent = trail.filter((stay) => Math.abs(stay.last_used - now) <= window);
  const gateways = changes(recent.map(({ gateway }) => gateway));
  const networks = changes(recent.flatMap(({ network }) => network ?? []));
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
  return a.gateway === b.gateway && a.network === b.network && a.device_id === b.device_id;
}

function changes(places: readonly string[]): number {
  return places.filter((place, index) => index > 0 && place !== places[index - 1]).length;
}
