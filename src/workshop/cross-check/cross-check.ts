import { recordedDocument } from '../../decision/recorded-document.ts';
import { parseInstant } from '../../lib/clock.ts';
import type { Bundle } from '../../policy/bundle.ts';
import { dialectOf } from '../../policy/dialect.ts';
import type { Dialect } from '../../policy/dialect.ts';
import type { PolicyInput } from '../../policy/types.ts';
import type { CaseOutcome } from '../cases/types.ts';
import { evaluateMany } from '../evaluation/evaluate-many.ts';
import type { PolicyQuestion, RegoSources, RunOpa } from '../evaluation/types.ts';
import { disagreement, saidByEngine, saidByOpa } from './compare.ts';
import type { Disagreement, Said } from './compare.ts';

/** What a cross-check came to. */
export interface CrossChecked {
  /** The same outcomes, those failed to which `opa` gives another answer. */
  readonly outcomes: readonly CaseOutcome[];
  /** Cases that were compared. */
  readonly compared: number;
  /** Cases in which the policy was not asked. */
  readonly unasked: number;
  readonly differing: number;
}

/** How a policy is asked, and how what it says is read: the engine's own way. */
export type Spoken = Pick<Dialect, 'textOf' | 'read' | 'complete'> & { readonly hasClock: boolean };

/** The way of a bundle. Throws PDP_BUNDLE_INVALID. */
export function spokenBy(bundle: Bundle): Spoken {
  const { textOf, read, complete } = dialectOf(bundle);
  // Of our own input all is shown to opa: so it would come out if the rules read what the bundle says that they do not.
  const whole = (input: PolicyInput): string => JSON.stringify(input);
  return {
    textOf: bundle.compat === null ? whole : textOf,
    read,
    complete,
    hasClock: bundle.compat !== null,
  };
}

/**
 * Evaluates what the policy was asked in each case again with `opa`, all in one process, and fails the cases to which it
 * gives another answer. Throws PDP_POLICY_INVALID where `opa` cannot compile the policy.
 */
export async function crossCheck(
  outcomes: readonly CaseOutcome[],
  run: RunOpa,
  sources: RegoSources,
  spoken: Spoken,
): Promise<CrossChecked> {
  const asked = outcomes.flatMap((outcome): Asked[] => {
    const ours = outcome.got && saidByEngine(outcome.got);
    const question = ours && questionOf(outcome, spoken);
    return question ? [{ outcome, ours, question }] : [];
  });
  const { answers } = await evaluateMany(
    run,
    sources,
    asked.map(({ question }) => question),
  );
  const wrong = new Map<CaseOutcome, CaseOutcome>();
  for (const { outcome, ours, question } of asked) {
    const input = outcome.got?.input as PolicyInput;
    const read = (value: unknown) => spoken.complete(spoken.read([{ result: value }], input), input);
    const answer = answers.get(question.id) ?? { kind: 'undefined' };
    const found = disagreement(ours, saidByOpa(answer, read));
    if (found) wrong.set(outcome, failed(outcome, found));
  }
  return {
    outcomes: outcomes.map((outcome) => wrong.get(outcome) ?? outcome),
    compared: asked.length,
    unasked: outcomes.filter(({ status }) => status !== 'skipped').length - asked.length,
    differing: wrong.size,
  };
}

interface Asked {
  readonly outcome: CaseOutcome;
  readonly ours: Said;
  readonly question: PolicyQuestion;
}

/** What a case asked the policy; undefined where it did not, or where not all of it is kept. */
export function questionOf(
  { id, got }: CaseOutcome,
  { textOf, hasClock }: Spoken,
): PolicyQuestion | undefined {
  if (!got?.input) return undefined;
  const document = got.document && recordedDocument(got.document);
  if (got.document && !document) return undefined;
  return {
    ...{ id, input: textOf(got.input, document), classes: got.classes },
    ...(hasClock && { nowNs: `${parseInstant(got.decision.time)}000000` }),
  };
}

function failed(outcome: CaseOutcome, { ours, opa }: Disagreement): CaseOutcome {
  return {
    ...outcome,
    status: outcome.status === 'error' ? 'error' : 'failed',
    problems: [...outcome.problems, 'opa gives another answer than the compiled policy'],
    differences: [...outcome.differences, { what: 'answer of opa', expected: opa, got: ours }],
  };
}
