import { affectedBy } from './affected.ts';
import type { Affected, Watched } from './affected.ts';

export interface WatchOptions {
  /** Sets of absolute paths of files that changed. */
  readonly changes: AsyncIterable<ReadonlySet<string>>;
  /** Reads the project and its cases as they are now; what it throws is told, and what was read last stays. */
  readonly read: () => Promise<Watched>;
  /** Runs what is affected. */
  readonly run: (affected: Affected, now: Watched) => Promise<void>;
  /** Tells what made it impossible to read or to run. */
  readonly tell: (thrown: unknown) => void;
}

/**
 * Runs everything, and after every change what is affected by it, until the changes end. A state that cannot be read or
 * compiled ends nothing: it is told, and its changes count with the next ones.
 */
export async function watchCases({ changes, read, run, tell }: WatchOptions): Promise<void> {
  let last: Watched | undefined;
  let pending = new Set<string>();
  const everything = (now: Watched): Affected => ({
    ...{ policy: true, rego: true },
    cases: new Set(now.cases.flatMap(({ cases }) => cases).map(({ id }) => id)),
  });
  const turn = async (): Promise<void> => {
    try {
      const now = await read();
      const affected = last ? affectedBy(pending, last, now) : everything(now);
      if (affected.rego || affected.policy || affected.cases.size > 0) await run(affected, now);
      [last, pending] = [now, new Set()];
    } catch (thrown) {
      tell(thrown);
    }
  };
  await turn();
  for await (const changed of changes) {
    pending = new Set([...pending, ...changed]);
    await turn();
  }
}
