import type { Compared } from '../decision/compare-decisions.ts';
import { makeReason } from '../decision/reasons.ts';
import type { Decision, Facts, Reason } from '../decision/types.ts';
import { formatInstant } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import { recordFormat } from './record.ts';

/** The bundle that is asked beside the one in force. */
export interface ShadowBundle {
  /** SHA-256, hex. */
  readonly bundle: string;
  readonly revision: string;
  /** Of the decisions, that it is asked about. */
  readonly share: number;
}

/**
 * The record of a decision that another bundle would have made otherwise. It follows the decision's own record and changes
 * nothing about it; `shadow.schema.json` describes it. Times RFC 3339, digests hex.
 */
export interface ShadowRecord {
  readonly schema: typeof recordFormat;
  readonly kind: 'shadow';
  /** When it was found. */
  readonly time: string;
  readonly decision_id: string;
  /** The decision's own time. */
  readonly decision_time: string;
  readonly tenant: string;
  readonly device_id: string | null;
  readonly class: string | null;
  /** The device's, else its enforcement point's. */
  readonly site: string | null;
  /** What was answered: by the bundle that was in force. */
  readonly answered: {
    readonly bundle: string | null;
    readonly outcome: Decision['outcome'];
    readonly enforced: boolean;
    /** Codes; the first one is the primary one. */
    readonly reasons: readonly string[];
  };
  /** `policy.shadow_would_deny`, where the other one would have kept out what was let in. */
  readonly reasons: readonly Reason[];
  readonly shadow: ShadowBundle & {
    readonly differs: 'outcome' | 'reasons';
    /** Null where the outcome is the same. */
    readonly direction: Compared['direction'];
    readonly would: Pick<Decision, 'outcome' | 'enforced' | 'reasons' | 'valid_until' | 'faults'>;
  };
}

/** Writes the record of a difference of outcome or reasons; undefined where there is none of these. Pure. */
export function buildShadowRecord(
  { before, after, direction, otherwise }: Compared,
  { device, pep }: Pick<Facts, 'device' | 'pep'>,
  bundle: ShadowBundle,
  now: EpochMs,
): ShadowRecord | undefined {
  const differs = direction === null ? otherwise : 'outcome';
  if (differs !== 'outcome' && differs !== 'reasons') return undefined;
  const { outcome, enforced, reasons, valid_until, faults } = after;
  return {
    schema: recordFormat,
    kind: 'shadow',
    time: formatInstant(now),
    decision_id: before.decision_id,
    decision_time: before.time,
    tenant: before.tenant,
    device_id: before.device_id,
    class: device?.class ?? null,
    site: device?.site ?? pep.site ?? null,
    answered: {
      bundle: before.versions.bundle,
      outcome: before.outcome,
      enforced: before.enforced,
      reasons: before.reasons.map(({ code }) => code),
    },
    reasons: direction === 'lock_out' ? [wouldDeny(after)] : [],
    shadow: {
      ...bundle,
      differs,
      direction,
      would: { outcome, enforced, reasons, valid_until, faults },
    },
  };
}

function wouldDeny({ reasons: [first], enforced }: Decision): Reason {
  const detail = { because: first?.code ?? 'system.internal', enforced };
  return makeReason({ code: 'policy.shadow_would_deny', detail });
}

/** Counts of what was compared, as they are recorded: exact, since the summary before. */
export interface ShadowSummaryRecord {
  readonly schema: typeof recordFormat;
  readonly kind: 'shadow_summary';
  readonly time: string;
  readonly since: string;
  readonly instance: string;
  /** In force at the end. */
  readonly answered: { readonly bundle: string | null; readonly revision: string | null };
  readonly shadow: ShadowBundle;
  /** Decisions that were made, those that were chosen by the share, and those of them that there was no room for. */
  readonly seen: number;
  readonly chosen: number;
  readonly dropped: number;
  readonly compared: number;
  readonly agreed: number;
  readonly lock_outs: number;
  readonly let_ins: number;
  readonly other_reasons: number;
  readonly other_obligations: number;
  readonly not_enforced: number;
  readonly denied_by_both: number;
  readonly not_asked: number;
  readonly undecidable: number;
  readonly because: readonly NamedCount<string>[];
  /** Compared, by class and by site. */
  readonly by_class: readonly NamedCount<string | null>[];
  readonly by_site: readonly NamedCount<string | null>[];
}

export interface NamedCount<Name> {
  readonly name: Name;
  readonly count: number;
}
