import { compareDecisions } from '../../decision/compare-decisions.ts';
import type { Compared } from '../../decision/compare-decisions.ts';
import { concludeWith } from '../../decision/conclude-with.ts';
import type { AskableRecord } from '../../decision/conclude-with.ts';
import type { ConcludeSettings } from '../../decision/conclude.ts';
import type { Answers } from './sides.ts';

/** Decides one connection with what both policies answer. The floor is in both: what it hides is no difference. */
export function compareAnswers(
  record: AskableRecord,
  answers: Answers,
  settings: ConcludeSettings,
): Compared {
  const before = concludeWith(record, answers.before, settings);
  // Remembered answers are the same objects where both policies say the same.
  const after = answers.after === answers.before ? before : concludeWith(record, answers.after, settings);
  return compareDecisions(before, after);
}
