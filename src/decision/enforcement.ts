import type { BreakGlassConfig, Config, ObserveConfig } from '../config/types.ts';
import { unknownPepName } from '../config/reserved.ts';
import type { Pep } from '../context/types.ts';
import { formatInstant } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Finding, ToldCode } from '../lib/reason-code.ts';
import type { Facts } from './types.ts';

/** Whom a denial is about, as far as it is known: nothing of the device is where no facts were gathered. */
export interface Denied {
  readonly codes: readonly ToldCode[];
  readonly pep: Pep;
  readonly facts: Facts | null;
  readonly now: EpochMs;
}

/** Whether a denial keeps the connection out. */
export interface Enforcement {
  readonly enforced: boolean;
  /** `system.break_glass_used`, where the glass is broken for this denial. */
  readonly findings: readonly Finding[];
}

/**
 * A denial is enforced unless the configuration, for a time that has an end, observes its PEP, class or site, or
 * has broken the glass for every one of its reasons. It stays a denial all the same. Whoever connects does not choose
 * by a mere claim whose rule applies: see `deviceOf`. What a caller asks that is no PEP is always enforced. A denial for
 * want of a record is enforced unless the glass is broken for that by name: nothing passes merely because it is observed
 * of which the log knows nothing.
 */
export function enforcementOf(denied: Denied, rules: Config['enforcement']): Enforcement {
  if (denied.pep.name === unknownPepName) return { enforced: true, findings: [] };
  const unrecorded = denied.codes.includes('system.audit_unavailable');
  const observed = !unrecorded && rules.observe.some((rule) => observes(rule, denied));
  const glass = rules.break_glass.find((rule) => isBrokenFor(rule, denied));
  return { enforced: !observed && glass === undefined, findings: glass ? [glassUsed(glass)] : [] };
}

/** A rule names exactly one of the three. The device's site counts before its PEP's. */
function observes(rule: ObserveConfig, { pep, facts, now }: Denied): boolean {
  if (now >= rule.until) return false;
  if (rule.pep !== undefined) return rule.pep === pep.name;
  const device = deviceOf(facts);
  if (rule.class !== undefined) return rule.class === device?.class;
  if (rule.site !== undefined) return rule.site === (device?.site ?? pep.site);
  return false;
}

function isBrokenFor(rule: BreakGlassConfig, { codes, facts, now }: Denied): boolean {
  if (now < rule.since || now >= rule.until) return false;
  if (codes.length === 0 || !codes.every((code) => rule.reasons.includes(code))) return false;
  const device = deviceOf(facts);
  return (
    (device?.class !== undefined && rule.classes.includes(device.class)) ||
    (device?.id !== undefined && rule.devices.includes(device.id))
  );
}

interface KnownDevice {
  readonly id: string;
  readonly class?: string | undefined;
  readonly site?: string | undefined;
}

/**
 * The device that rules for devices go by: one that a configured CA named, or that is vouched for by an enforcement
 * point which may assert any device or by a gateway that may speak for this one. Nobody, for a bare claim.
 */
function deviceOf(facts: Facts | null): KnownDevice | undefined {
  if (facts === null || facts.device_id === null) return undefined;
  if (!facts.subject || facts.subject === 'claimed') return undefined;
  if (facts.subject === 'vouched' && facts.gateway?.proved && !facts.gateway.enrolled) return undefined;
  return { id: facts.device_id, class: facts.device?.class, site: facts.device?.site };
}

function glassUsed(rule: BreakGlassConfig): Finding {
  const detail = { who: rule.who, why: rule.why, until: formatInstant(rule.until) };
  return { code: 'system.break_glass_used', detail };
}
