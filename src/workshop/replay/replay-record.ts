import { derivedDifferences } from '../../audit/derived.ts';
import type { AuditRecord } from '../../audit/record.ts';
import { judgeReplay } from '../../audit/replayable.ts';
import { askAgain } from '../../decision/ask-again.ts';
import { concludeWith } from '../../decision/conclude-with.ts';
import type { AskableRecord } from '../../decision/conclude-with.ts';
import { differencesOf } from '../../decision/differences.ts';
import type { Difference } from '../../decision/differences.ts';
import { concludeAgain } from '../../decision/replay.ts';
import type { Kept } from '../../decision/replay.ts';
import type { Decision } from '../../decision/types.ts';
import { whatIsLacking } from '../records/lacking.ts';
import type { FoundRecord } from '../records/line.ts';
import type { DecidingSettings } from '../records/settings.ts';
import type { ReplayPolicy } from './types.ts';

/** What is there to replay a record with. */
export interface ReplayParts {
  /** The record with what it hides, as far as that is kept. */
  readonly record: AuditRecord;
  readonly parts: Kept;
  readonly missing: readonly string[];
  readonly differences: readonly Difference[];
}

/**
 * What a replay came to. `whole`: facts, input, verdict and decision were held against everything that the record names by
 * digest. `policy`: its facts were taken as they stand, and verdict and decision came out again.
 */
export type Replayed =
  | {
      readonly is: 'same';
      readonly depth: 'whole' | 'policy';
      /** Something is redacted and not revealed: the same as far as the rest goes. */
      readonly hidden?: true;
    }
  | {
      readonly is: 'different';
      readonly depth: 'whole' | 'policy';
      readonly differences: readonly Difference[];
    }
  /** The policy had no say in what was decided, and not everything else is kept. */
  | { readonly is: 'not_asked' }
  | { readonly is: 'missing'; readonly missing: readonly string[] };

/** Concludes a whole record of a log again from everything that it names; undefined where something is not there. */
export function replayWhole({ record, parts, missing, differences }: ReplayParts): Replayed {
  const replay = concludeAgain(record, parts);
  const lost = [...missing, ...replay.missing];
  const judged = judgeReplay(record, {
    missing: lost,
    differences:
      lost.length > 0 ? [] : distinct([...differences, ...replay.differences, ...derivedDifferences(record)]),
  });
  if (judged.missing.length > 0) return { is: 'missing', missing: judged.missing };
  const found = judged.differences;
  return found.length === 0
    ? { is: 'same', depth: 'whole', ...(judged.hidden.length > 0 && { hidden: true }) }
    : { is: 'different', depth: 'whole', differences: found };
}

/** The facts and the decision of a record speak of the same things. */
function distinct(differences: readonly Difference[]): readonly Difference[] {
  return [...new Map(differences.map((one) => [one.path, one])).values()];
}

/**
 * Asks the same policy again and concludes from the recorded facts. Pseudonyms and words of other programs are no
 * differences: of reasons the codes are compared.
 */
export function replayPolicy(found: FoundRecord, policy: ReplayPolicy, settings: DecidingSettings): Replayed {
  const { record } = found;
  const { engine, inputKeys } = policy;
  const { inputVersion } = engine.bundle;
  const document = record.document !== undefined;
  const lacking = whatIsLacking(found, [{ name: 'the bundle', inputVersion, inputKeys, document }]);
  if (lacking !== undefined) return { is: 'missing', missing: [lacking] };
  if (record.verdict === null && record.faults.some(({ code }) => !fromAnswer.has(code))) {
    return { is: 'not_asked' };
  }
  const askable = record as AuditRecord & AskableRecord;
  const answer = askAgain(engine, { ...askable, input: askable.input as NonNullable<typeof askable.input> });
  const verdict = answer.ok ? answer.value : null;
  const differences = [
    ...differencesOf('verdict', comparableVerdict(record.verdict), comparableVerdict(verdict)),
    // A decision with other faults is not the policy's alone.
    ...(record.verdict !== null && record.faults.length > 0
      ? []
      : differencesOf('', comparable(record), comparable(concludeWith(askable, answer, settings)))),
  ];
  return differences.length === 0
    ? { is: 'same', depth: 'policy', ...(record.redacted && { hidden: true }) }
    : { is: 'different', depth: 'policy', differences };
}

/** Faults that an answer of the policy is, whenever it is asked. */
const fromAnswer: ReadonlySet<string> = new Set(['policy.undefined', 'policy.error']);

function comparableVerdict(verdict: AuditRecord['verdict']): object | null {
  if (verdict === null) return null;
  // A set of Rego is in the order of its members, details included.
  return {
    ...verdict,
    headers: Object.keys(verdict.headers).sort(),
    reasons: verdict.reasons.map(({ code }) => code).sort(),
  };
}

function comparable({ outcome, enforced, reasons, obligations, valid_until, assurance }: Decision): object {
  return {
    ...{ outcome, enforced, valid_until, assurance },
    reasons: reasons.map(({ code, severity }) => ({ code, severity })),
    obligations: { ...obligations, headers: Object.keys(obligations.headers).sort() },
  };
}
