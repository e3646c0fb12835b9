import type { PolicyEngine, PolicyInput, Verdict } from '../policy/types.ts';
import { attempt } from './fault.ts';
import type { Attempt } from './fault.ts';
import { recordedDocument } from './recorded-document.ts';
import type { ReplayableRecord } from './replay.ts';
import type { Facts } from './types.ts';

/** What of a record asking a policy again needs. */
export type AskedRecord = Pick<ReplayableRecord, 'decision_id' | 'document'> & {
  readonly facts: Facts;
  readonly input: PolicyInput;
};

/** What a policy answers to a recorded connection: with its time, its id, and what it was shown beside our input. */
export function askAgain(engine: PolicyEngine, record: AskedRecord): Attempt<Verdict> {
  const { input, facts, document, decision_id: decisionId } = record;
  const moment = { now: facts.now, decisionId };
  const seen = document && recordedDocument(document);
  return attempt('policy', () => engine.evaluate(input, moment, seen));
}
