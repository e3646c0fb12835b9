import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../lib/clock.ts';
import { composeDecision } from '../../server/compose.ts';
import { serveCases, type CaseThreadData } from '../../workshop/cases/threads.ts';

/** The entry of a thread that decides cases. */
if (parentPort) {
  await serveCases(parentPort, workerData as CaseThreadData, {
    compose: composeDecision,
    clock: systemClock,
  });
}
