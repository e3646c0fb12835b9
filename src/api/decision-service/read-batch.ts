import type { Decision } from '../../decision/types.ts';
import { readDecision } from './read-decision.ts';
import { lastDenial } from './last-denial.ts';
import type { DecideBatchResponse } from './wire.ts';

/**
 * The decisions of a batch of `count` connections, in the order of its requests, as clients read them: a batch that was
 * refused as a whole denies each of them, and what is not answered is denied. Throws PDP_INPUT_MALFORMED as
 * `readDecision` does.
 */
export function readBatch(response: DecideBatchResponse, count: number): readonly Decision[] {
  const { answers = [], refused } = response;
  const decisionAt = (index: number) => refused ?? answers[index]?.decision ?? lastDenial(undefined);
  return Array.from({ length: count }, (_, index) => readDecision(decisionAt(index)));
}
