import type { Config } from '../config/types.ts';
import type { Decision } from '../decision/types.ts';
import { lets, tellingReason } from './status-table.ts';
import type { CallFailure } from './direct-call.ts';

/** gRPC's UNAVAILABLE. */
const unavailable = 14;

/**
 * The gRPC error that stands for a denial with no other cause than overload, only where the configuration asks for it by
 * name: enforcement points try elsewhere, and may be configured to let through what nobody answers.
 */
export function shedFailure(decision: Decision, { wire }: Pick<Config, 'wire'>): CallFailure | undefined {
  if (wire.overload !== 'unavailable' || lets(decision)) return undefined;
  if (tellingReason(decision)?.code !== 'system.overload_shed') return undefined;
  return { code: unavailable, details: `system.overload_shed: decision ${decision.decision_id}` };
}
