import { askAgain } from './ask-again.ts';
import { compareDecisions } from './compare-decisions.ts';
import type { Compared } from './compare-decisions.ts';
import { concludeWith } from './conclude-with.ts';
import type { ConcludeSettings } from './conclude.ts';
import { credentialOptional } from './credential-optional.ts';
import type { CredentialSettings } from './credential-optional.ts';
import { attempt } from './fault.ts';
import type { Attempt } from './fault.ts';
import type { InputSettings } from './input.ts';
import { writeInput } from './input-versions.ts';
import { recordedDocument } from './recorded-document.ts';
import type { Decision, Facts, Fault, MadeDecision } from './types.ts';
import type { PolicyEngine, Verdict } from '../policy/types.ts';

/** What was answered, and from what. */
export type Answered = Pick<MadeDecision, 'verdict' | 'document'> & {
  readonly decision: Decision;
  readonly facts: Facts;
};

/** The part of the configuration that asking and concluding depend on. */
export type ShadowSettings = ConcludeSettings & CredentialSettings & Pick<InputSettings, 'classes'>;

/** Faults that are the policy's own, and come about again whenever it is asked the same. */
const ofPolicy: readonly Fault['code'][] = ['policy.undefined', 'policy.error'];

/**
 * Why an answered decision cannot be held against what another policy says; undefined where it can. `document`: the other
 * one reads the request's document.
 */
export function whyIncomparable(
  answered: Answered,
  { document: reads }: { readonly document: boolean },
): string | undefined {
  const { decision, verdict, document } = answered;
  if (verdict === null && policyFault(decision) === undefined) {
    return 'the policy in force was not asked in time';
  }
  if (reads && (!document || recordedDocument(document) === undefined)) {
    return "the request's document is not whole: compat.record_bytes";
  }
  return undefined;
}

/** What a policy answers to an answered decision's connection, in the input's version that it wants. */
export function askBeside(
  engine: PolicyEngine,
  { decision, facts, document }: Answered,
  settings: ShadowSettings,
): Attempt<Verdict> {
  const input = attempt('policy', () =>
    writeInput(engine.bundle.inputVersion, facts, {
      credentialOptional: credentialOptional(settings),
      classes: settings.classes,
    }),
  );
  if (!input.ok) return input;
  const { decision_id } = decision;
  return askAgain(engine, { decision_id, facts, input: input.value, ...(document && { document }) });
}

/**
 * Holds what was answered against what would have been, had another policy been in force: floor, term and enforcement are in
 * both, so that a difference that the floor hides is none. What went wrong by circumstance with the answer (its record
 * came too late) is left out of it. Only for what `whyIncomparable` has nothing against. Pure.
 */
export function compareBeside(
  { decision, facts, verdict }: Answered,
  answer: Attempt<Verdict>,
  settings: ConcludeSettings,
): Compared {
  const { decision_id, versions } = decision;
  const record = { decision_id, versions, facts };
  const before =
    decision.faults.length === 0 ? decision : concludeWith(record, given(decision, verdict), settings);
  return compareDecisions(before, concludeWith(record, answer, settings));
}

function given(decision: Decision, verdict: Verdict | null): Attempt<Verdict> {
  if (verdict) return { ok: true, value: verdict };
  const fault = policyFault(decision);
  if (!fault) throw new Error('a decision without a verdict and without a fault of the policy');
  return { ok: false, fault };
}

function policyFault({ faults }: Decision): Fault | undefined {
  return faults.find(({ code, stage }) => stage === 'policy' && ofPolicy.includes(code));
}
