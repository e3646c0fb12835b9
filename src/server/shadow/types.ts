import type { Decision, Facts, MadeDecision } from '../../decision/types.ts';

/** What workers are told of the bundle that is asked beside the one in force. */
export interface ShadowAsk {
  /** SHA-256 (hex) of the bundle: what comes back for another one is of no more use. */
  readonly bundle: string;
  /** Of the decisions, above 0 up to 1. */
  readonly share: number;
}

/** A decision that was answered, as far as asking another policy about it needs it. Plain JSON. */
export interface AnsweredDecision {
  readonly decision: Decision;
  readonly facts: Facts | null;
  readonly verdict: MadeDecision['verdict'];
  /** The policy in force could be asked: input was written. */
  readonly input: boolean;
  readonly document?: MadeDecision['document'];
}

/** What one worker has gathered. It crosses the channel, hence data only. */
export interface ShadowBatch {
  readonly bundle: string;
  /** `AnsweredDecision`, each as JSON. */
  readonly decisions: readonly string[];
  /** Decisions made since the last batch; those that were chosen of them; and those that there was no room for. */
  readonly seen: number;
  readonly chosen: number;
  readonly dropped: number;
}

/** What came of comparing decisions. Plain data; `addCounts` puts two together. */
export interface ShadowCounts {
  compared: number;
  agreed: number;
  lock_outs: number;
  let_ins: number;
  /** The same outcome for other reasons. */
  other_reasons: number;
  /** Allowed by both, with another term, entitlements or headers. */
  other_obligations: number;
  /** Lock-outs and let-ins of which the configuration enforces nothing. */
  not_enforced: number;
  /** Neither policy lets it in; they are among those that agree or have other reasons. */
  denied_by_both: number;
  /** Denied before a policy was asked. */
  not_asked: number;
  /** What could not be compared, by why. */
  undecidable: number;
  readonly because: Map<string, number>;
  /** Compared, by class and by site. */
  readonly classes: Map<string | null, number>;
  readonly sites: Map<string | null, number>;
}

/** Names of classes or sites that are counted one by one; sites may be many. */
const mostNames = 2000;

export function noCounts(): ShadowCounts {
  return {
    ...{ compared: 0, agreed: 0, lock_outs: 0, let_ins: 0, other_reasons: 0, other_obligations: 0 },
    ...{ not_enforced: 0, denied_by_both: 0, not_asked: 0, undecidable: 0 },
    ...{ because: new Map(), classes: new Map(), sites: new Map() },
  };
}

const numbers = [
  ...(['compared', 'agreed', 'lock_outs', 'let_ins', 'other_reasons', 'other_obligations'] as const),
  ...(['not_enforced', 'denied_by_both', 'not_asked', 'undecidable'] as const),
] as const;

/** Adds what was counted elsewhere. */
export function addCounts(counts: ShadowCounts, more: ShadowCounts): void {
  for (const name of numbers) counts[name] += more[name];
  for (const name of ['because', 'classes', 'sites'] as const) addMap(counts[name], more[name]);
}

function addMap<Key>(counts: Map<Key, number>, more: ReadonlyMap<Key, number>): void {
  for (const [key, count] of more) countIn(counts, key, count);
}

/** Counts one name; one beyond the room for names counts in the sum alone. */
export function countIn<Key>(counts: Map<Key, number>, key: Key, more = 1): void {
  const known = counts.get(key);
  if (known === undefined && counts.size >= mostNames) return;
  counts.set(key, (known ?? 0) + more);
}
