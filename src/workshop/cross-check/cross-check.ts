import type { CaseOutcome } from '../cases/types.ts';
import { evaluateMany } from '../evaluation/evaluate-many.ts';
import type { PolicyQuestion, RegoSources, RunOpa } from '../evaluation/types.ts';
import { disagreement, saidByEngine, saidByOpa } from './compare.ts';
import type { Disagreement, ReadVerdict } from './compare.ts';

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

/**
 * Evaluates what the policy was asked in each case again with `opa`, all in one process, and fails the cases to which it
 * gives another answer. Throws PDP_BUNDLE_INVALID where `opa` cannot compile the policy.
 */
export async function crossCheck(
  outcomes: readonly CaseOutcome[],
  run: RunOpa,
  sources: RegoSources,
  read: ReadVerdict,
): Promise<CrossChecked> {
  const asked = outcomes.filter(({ got }) => got !== undefined && saidByEngine(got) !== undefined);
  const { answers } = await evaluateMany(run, sources, asked.map(questionOf));
  const checked = outcomes.map((outcome) => {
    const answer = answers.get(outcome.id);
    const ours = outcome.got && saidByEngine(outcome.got);
    const found = answer && ours && disagreement(ours, saidByOpa(answer, read));
    return found ? failed(outcome, found) : outcome;
  });
  return {
    outcomes: checked,
    compared: asked.length,
    unasked: outcomes.filter(({ status }) => status !== 'skipped').length - asked.length,
    differing: checked.filter((outcome, index) => outcome !== outcomes[index]).length,
  };
}

/** What a case asked the policy. */
export function questionOf({ id, got }: CaseOutcome): PolicyQuestion {
  return { id, input: got?.input, classes: got?.classes };
}

function failed(outcome: CaseOutcome, { ours, opa }: Disagreement): CaseOutcome {
  return {
    ...outcome,
    status: outcome.status === 'error' ? 'error' : 'failed',
    problems: [...outcome.problems, 'opa gives another answer than the compiled policy'],
    differences: [...outcome.differences, { what: 'answer of opa', expected: opa, got: ours }],
  };
}
