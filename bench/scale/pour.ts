import { setTimeout as pause } from 'node:timers/promises';
import type { LoadClient } from '../load/client.ts';
import { readAnswer } from './asking.ts';

export interface Poured {
  /** Times (ms) of all calls, each from when it was due. */
  readonly times: readonly number[];
  /** Calls that were not allowed, or not answered. */
  readonly failed: number;
}

/** Sends at a fixed rate (a second) until `done` settles, whatever the answers do. */
export async function pour(
  client: LoadClient,
  bodies: readonly Buffer[],
  rate: number,
  done: Promise<unknown>,
): Promise<Poured> {
  let running = true;
  let failed = 0;
  const ended = done.finally(() => (running = false));
  const times: number[] = [];
  const calls: Promise<void>[] = [];
  const began = performance.now();
  for (let sent = 0; running; sent += 1) {
    const due = began + (sent * 1000) / rate;
    const early = due - performance.now();
    if (early > 0) await pause(early);
    const call = client.call(bodies[sent % bodies.length] as Buffer, sent).then(
      (answer) => {
        times.push(performance.now() - due);
        if (!readAnswer(answer).allowed) failed += 1;
      },
      () => void (failed += 1),
    );
    calls.push(call);
  }
  await ended;
  await Promise.all(calls);
  return { times, failed };
}
