import type { Bodies } from './bodies.ts';
import type { LoadClient } from './client.ts';

export interface Timed {
  /** Milliseconds from when a call was due to its answer. */
  readonly times: readonly number[];
  /** Milliseconds from when a call was due to when it was really sent: how late the client itself was. */
  readonly late: readonly number[];
  readonly failed: number;
}

/**
 * Sends at a fixed rate (a second) for some seconds, whatever the answers do: a slow answer holds no later call up, and
 * is counted from when its call was due. The first second does not count.
 */
export async function openLoop(
  client: LoadClient,
  bodies: Bodies,
  o: { readonly rate: number; readonly seconds: number; readonly wrong: (answer: Buffer) => number },
): Promise<Timed> {
  const [times, late]: [number[], number[]] = [[], []];
  const calls: Promise<void>[] = [];
  let failed = 0;
  const began = performance.now();
  const total = Math.ceil(o.rate * (o.seconds + 1));
  for (let sent = 0; sent < total; sent += 1) {
    const due = began + (sent * 1000) / o.rate;
    // Timers are a millisecond coarse, as long as an answer takes: answers are read while waiting, without one.
    while (performance.now() < due) await new Promise((resolve) => setImmediate(resolve));
    const counts = sent >= o.rate;
    if (counts) late.push(performance.now() - due);
    const call = client.call(bodies[sent % bodies.length] as Buffer, sent).then(
      (answer) => {
        if (counts) times.push(performance.now() - due);
        failed += o.wrong(answer);
      },
      () => void (failed += 1),
    );
    calls.push(call);
  }
  await Promise.all(calls);
  return { times, late, failed };
}
