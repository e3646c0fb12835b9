import type { DeviceStatus } from './types.ts';

/**
 * Which status may follow which: the one table, for edits, imports and sources alike. A device that was in use is not
 * provisioned again, and `decommissioned` is final: the hardware comes back under a new device id.
 */
const following: Readonly<Record<DeviceStatus, readonly DeviceStatus[]>> = {
  pre_provisioned: ['active', 'disabled', 'quarantined', 'lost', 'decommissioned'],
  active: ['disabled', 'quarantined', 'lost', 'decommissioned'],
  disabled: ['active', 'quarantined', 'lost', 'decommissioned'],
  quarantined: ['active', 'disabled', 'lost', 'decommissioned'],
  lost: ['active', 'disabled', 'quarantined', 'decommissioned'],
  decommissioned: [],
};

/** How a change of status comes about: somebody said why in so many words, or nobody did. */
export interface Told {
  readonly why: boolean;
}

/**
 * Why a device may not pass from one status to another, in words that follow its id; undefined where it may. The same
 * status again always may. Out of
 * `lost`, but to its end, only where somebody says why, in one step or in two: that hardware was in other hands.
 */
export function forbiddenChange(before: string, after: string, told: Told): string | undefined {
  if (before === after) return undefined;
  if (before === 'decommissioned') return `is decommissioned, which is final: it cannot become ${after}`;
  const next = Object.hasOwn(following, before) ? following[before as DeviceStatus] : [];
  if (!next.includes(after as DeviceStatus)) return `is ${before}: it cannot become ${after}`;
  if (before === 'lost' && after !== 'decommissioned' && !told.why)
    return `is lost: it becomes ${after} only where --why says how it was found`;
  return undefined;
}

/**
 * Whether a device stays although a whole inventory does not name it: one that was forgotten could be given again, or come
 * back as new, and what its status forbids would be forgotten with it.
 */
export function staysUnnamed(status: string): boolean {
  return status === 'decommissioned' || status === 'lost';
}
