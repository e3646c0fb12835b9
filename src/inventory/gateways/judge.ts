import type { EpochMs } from '../../lib/clock.ts';
import type { DeviceRecord } from '../types.ts';
import type { DelegatedBy, Delegation } from './types.ts';

/** Whether a gateway may speak for a device, by what, and until when. */
export interface JudgedDelegation {
  readonly enrolled: boolean;
  /** What counts, or counted last; null where nothing was ever delegated. */
  readonly by: DelegatedBy | null;
  /** When that ends or has ended; null where it has no end. */
  readonly until: EpochMs | null;
  /** When what counts became what it is; null where there is nothing. */
  readonly changed_at: EpochMs | null;
}

const nothing: JudgedDelegation = { enrolled: false, by: null, until: null, changed_at: null };

/**
 * The device's own record naming the gateway counts without an end. A delegation counts until its end, one about a class
 * that names a site only for devices of that site. Of several, the one that carries furthest.
 */
export function judgeDelegation(
  child: Pick<DeviceRecord, 'gateways' | 'site' | 'updated_at'>,
  gateway: string,
  delegations: readonly Delegation[],
  now: EpochMs,
): JudgedDelegation {
  if (child.gateways.includes(gateway))
    return { enrolled: true, by: 'record', until: null, changed_at: child.updated_at };
  let furthest: Delegation | undefined;
  for (const one of delegations) {
    if (one.site !== undefined && one.site !== child.site) continue;
    if (furthest === undefined || endOf(one) > endOf(furthest)) furthest = one;
  }
  if (furthest === undefined) return nothing;
  return {
    enrolled: now < endOf(furthest),
    by: furthest.device_id === undefined ? 'class' : 'device',
    until: furthest.until ?? null,
    changed_at: furthest.updated_at,
  };
}

function endOf({ until }: Delegation): EpochMs {
  return until ?? Infinity;
}
