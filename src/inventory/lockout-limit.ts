import type { Config } from '../config/types.ts';
import { PortreeveError } from '../lib/errors.ts';
import type { LockoutShare } from './lockout-tally.ts';

/** How many known, active devices a change keeps out. */
export interface Lockout {
  readonly kept_out: number;
  /** Active devices of the tenant; null where it does not matter, because one device may always be kept out. */
  readonly total_active: number | null;
  readonly by_class: readonly LockoutShare[];
  readonly by_site: readonly LockoutShare[];
  /** Whether `kept_out` is the number, or the least or the most that it can be. */
  readonly certainty: Certainty;
  /** What the inventory cannot tell, in words; empty where the number is exact. */
  readonly unknown: readonly string[];
}

export type Certainty = 'exact' | 'at_least' | 'at_most';

/** `limits.max_lockout`: a share of the active devices (0.01 for 1 %), or a number of devices. */
export type LockoutLimit = { readonly share: number } | { readonly devices: number };

/** What a change may keep out, and the number that was typed for this one. */
export interface LockoutRule {
  readonly limit: LockoutLimit;
  /** `--lockout N`; absent where nobody can type (a source in the background). */
  readonly typed?: number | undefined;
}

/** Under a share of the fleet this many devices may always be kept out: 1 % of ten devices is none at all. */
export const alwaysAllowed = 1;

/** Reads `1%`, `0.5%` or a number of devices; undefined for all else. */
export function parseLockoutLimit(value: string | number): LockoutLimit | undefined {
  const [, number, percent] = /^(\d{1,9}(?:\.\d{1,4})?)(%?)$/.exec(String(value)) ?? [];
  if (number === undefined) return undefined;
  if (percent === '%') return Number(number) <= 100 ? { share: Number(number) / 100 } : undefined;
  return number.includes('.') ? undefined : { devices: Number(number) };
}

/** The configured limit. */
export function lockoutLimitOf({ limits }: Pick<Config, 'limits'>): LockoutLimit {
  const limit = parseLockoutLimit(limits.max_lockout);
  if (limit !== undefined) return limit;
  throw new PortreeveError('PDP_INTERNAL', `limits.max_lockout ${limits.max_lockout} passed the schema`);
}

/** Most devices that a change may keep out without a number typed; `active` is asked only where it matters. */
export function allowedLockout(limit: LockoutLimit, active: () => number): number {
  if ('devices' in limit) return limit.devices;
  return Math.max(alwaysAllowed, Math.floor(limit.share * active()));
}

/** Whether a change keeps out more than the limit. `total_active` null means that it was not needed. */
export function isAboveLimit(
  { kept_out: keptOut, total_active: active }: Lockout,
  limit: LockoutLimit,
): boolean {
  return keptOut > allowedLockout(limit, () => active ?? 0);
}

/**
 * Throws LockoutRefused where a change keeps out more than the limit and that very number was not typed, and where a
 * number was typed that is not the one worked out: whoever typed it had another fleet before his eyes.
 */
export function requireLockout(lockout: Lockout, { limit, typed }: LockoutRule): void {
  if (typed === undefined ? !isAboveLimit(lockout, limit) : typed === lockout.kept_out) return;
  throw new LockoutRefused(lockout, limit, typed);
}

/** PDP_LOCKOUT: a change was not made because of how many devices it would keep out. */
export class LockoutRefused extends PortreeveError {
  readonly lockout: Lockout;

  constructor(lockout: Lockout, limit: LockoutLimit, typed: number | undefined) {
    const { kept_out: keptOut } = lockout;
    const why =
      typed === undefined
        ? `more than limits.max_lockout (${limitText(limit)}) lets pass`
        : `and not the ${typed} of --lockout`;
    super(
      'PDP_LOCKOUT',
      `this keeps out ${lockoutText(lockout)}, ${why}; nothing was changed: give --lockout ${keptOut} where that is meant`,
    );
    this.lockout = lockout;
  }
}

/** `1 %` or `500 devices`. */
export function limitText(limit: LockoutLimit): string {
  return 'share' in limit ? `${Number((limit.share * 100).toFixed(4))} %` : `${limit.devices} devices`;
}

/** In words: how many of how many, by class and site. */
export function lockoutText(lockout: Lockout): string {
  const { kept_out: keptOut, total_active: active, by_class: classes, by_site: sites } = lockout;
  const bound = { exact: '', at_least: 'at least ', at_most: 'at most ' }[lockout.certainty];
  const of = active === null ? '' : ` of ${active}`;
  const parts = [...sharesText('class', classes), ...sharesText('site', sites)];
  const where = parts.length === 0 ? '' : ` (${parts.join('; ')})`;
  return `${bound}${keptOut}${of} active device${keptOut === 1 && active === null ? '' : 's'}${where}`;
}

function sharesText(what: string, shares: readonly LockoutShare[]): string[] {
  if (shares.length === 0) return [];
  return [`${what} ${shares.map(({ name, devices }) => `${name ?? 'none'} ${devices}`).join(', ')}`];
}
