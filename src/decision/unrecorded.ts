import type { Config } from '../config/types.ts';
import { denyInstead } from './conclude.ts';
import type { Material } from './conclude.ts';
import type { Decision, Fault } from './types.ts';

/** The part of the configuration that says what becomes of a decision that cannot be recorded. */
export type UnrecordedSettings = Pick<Config, 'enforcement' | 'audit'>;

/**
 * What is answered in the place of a decision that could not be recorded in time: with `audit.on_failure: deny` a
 * denial, with `continue` the same; either way with the fault. Pure.
 */
export function unrecordedDecision(
  decision: Decision,
  fault: Fault,
  about: Pick<Material, 'facts' | 'pep' | 'now'>,
  settings: UnrecordedSettings,
): Decision {
  if (settings.audit.on_failure === 'continue') return { ...decision, faults: [...decision.faults, fault] };
  return denyInstead(decision, fault, about, settings);
}
