import { availableParallelism } from 'node:os';
import { composeDecision } from '../../server/compose.ts';
import { runCasesInThreads, worthwhileJobs } from '../../workshop/cases/threads.ts';
import type { CaseOutcome, LoadedCase, RunOptions } from '../../workshop/cases/types.ts';

/** The entry of a thread, `.ts` in the checkout and `.js` in the built package. */
const thread = new URL(
  import.meta.url.endsWith('.ts') ? './case-thread.ts' : './case-thread.js',
  import.meta.url,
);

/** Decides cases as the program would, by so many threads, or by as many as are worth their start. */
export function decideCases(
  cases: readonly LoadedCase[],
  options: Omit<RunOptions, 'compose'>,
  jobs: number | undefined,
): AsyncGenerator<CaseOutcome, void> {
  return runCasesInThreads(cases, {
    ...options,
    compose: composeDecision,
    thread,
    jobs: jobs ?? worthwhileJobs(cases.length, availableParallelism()),
  });
}
