import type { Delegation } from '../../inventory/gateways/types.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import type { Cell } from '../output.ts';

/** A delegation as machines are told of it: what it does not say is null, its times RFC 3339. */
export function delegationData(delegation: Delegation, now: EpochMs): object {
  const { gateway, device_id, class: className, site, until, epoch, updated_at: at } = delegation;
  return {
    ...{ gateway, device_id: device_id ?? null, class: className ?? null, site: site ?? null },
    until: until === undefined ? null : formatInstant(until),
    in_force: isInForce(delegation, now),
    ...{ epoch, updated_at: formatInstant(at) },
  };
}

/** Whether it has not ended. */
export function isInForce({ until }: Delegation, now: EpochMs): boolean {
  return until === undefined || now < until;
}

export const delegationHead = ['gateway', 'state', 'speaks for', 'site', 'until', 'epoch'];

/** A delegation as a row of the table. */
export function delegationRow(delegation: Delegation, now: EpochMs): Cell[] {
  const { gateway, device_id: id, class: className, site, until, epoch } = delegation;
  const inForce = isInForce(delegation, now);
  const state = { text: inForce ? 'in force' : 'ended', tone: inForce ? 'good' : 'quiet' } as const;
  const whom = id === undefined ? `class ${className ?? ''}` : `device ${id}`;
  return [gateway, state, whom, site ?? null, until === undefined ? 'no end' : formatInstant(until), epoch];
}
