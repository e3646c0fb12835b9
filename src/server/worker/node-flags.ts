import { availableParallelism } from 'node:os';

/**
 * Keep a worker below 300 MB of memory of its own, whatever it is asked, together with its `paceHeap`: the smaller its
 * heap may become, the sooner the collector runs while it grows.
 */
const memoryFlags: readonly string[] = ['--max-old-space-size=448', '--max-semi-space-size=16'];

/**
 * V8 puts what is made where most things have lived long into old memory from the start. Of what a busy moment kept alive
 * that becomes a habit: calls that end in a millisecond stay until all memory is collected, which comes twice as often.
 */
const noGuesses = '--no-allocation-site-pretenuring';

/** Threads that Node.js gives each process for V8's collector and compiler, however few processors there are. */
const usualHelpers = 4;

/**
 * What Node.js is told for each of so many workers. Of V8's helper threads no more than there are processors that no worker
 * needs: four that collect on the worker's own processor leave it a fifth of it meanwhile, and its calls wait for that.
 */
export function nodeFlags(workers: number, processors = availableParallelism()): readonly string[] {
  const helpers = Math.min(usualHelpers, Math.max(1, processors - workers));
  return [...memoryFlags, noGuesses, `--v8-pool-size=${helpers}`];
}
