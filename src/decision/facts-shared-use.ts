import { extendTrail, judgeTrail } from '../inventory/observed/trail.ts';
import type { KeyUse } from '../inventory/observed/types.ts';
import type { DecisionDeps } from './deps.ts';
import { placeOf } from './place.ts';
import type { Facts, SharedUseFact } from './types.ts';

/** What is known of the connection so far. */
export type UsedBy = Pick<
  Facts,
  'tenant' | 'now' | 'pep' | 'connection' | 'credential' | 'device_id' | 'assurance'
> & { readonly gateway: { readonly id: string } | null };

/**
 * Whether the key that a device has just proved itself with was lately used elsewhere too, or by another device. Only
 * proved uses count, of devices alone: a gateway's key is used for many devices, and a claim proves nothing.
 */
export function sharedUseFact(
  used: UsedBy,
  { observed, config }: Pick<DecisionDeps, 'observed' | 'config'>,
): SharedUseFact | null {
  const { credential, device_id: deviceId, now } = used;
  const key = credential?.key_digest;
  if (!provesDevice(used) || !key || deviceId === null) return null;
  const trail = observed.sharedUse(used.tenant, key);
  if (trail.length === 0) return null;
  const rules = config.shared_use;
  const present = { ...placeOf(used, rules), device_id: deviceId, last_used: now };
  const uses = extendTrail(trail, present, rules.window);
  const sharing = judgeTrail(uses, rules, now);
  return sharing ? { moves: sharing.moves, scope: sharing.scope, uses: uses.map(inOrder) } : null;
}

/** In canonical order, so that writing the record need not sort. */
function inOrder({ device_id, gateway, last_used, network }: KeyUse): KeyUse {
  return { device_id, gateway, last_used, network };
}

/** Whether the device itself proved who it is. */
export function provesDevice({ connection, assurance }: Pick<Facts, 'connection' | 'assurance'>): boolean {
  return (
    connection.authenticated_by === 'device_tls' &&
    (assurance === 'device_proved' || assurance === 'attested')
  );
}
