import type { LogFiles } from '../tlog/log-files.ts';
import { asAnchorLine, keptLines } from './kept-lines.ts';
import { anchorFolder } from './types.ts';
import type { Outsiders, OutsiderTrust, ReadObject } from './types.ts';

/** Objects that are read back, and how many of them were. */
export interface ReadBack {
  readonly readObject: ReadObject | undefined;
  readonly counts: () => Outsiders['objects'];
}

/**
 * Counts what is read back, and keeps to the limit: of more objects the limit's number, evenly from the first to the
 * last, so that no stretch of the log goes without. Throws as `keptLines`.
 */
export async function readBack(
  files: LogFiles,
  { readObject, mostObjects: most = Infinity }: OutsiderTrust,
): Promise<ReadBack> {
  let [read, gone, unread, turn] = [0, 0, 0, 0];
  const counts = (): Outsiders['objects'] => ({ read, gone, unread });
  if (!readObject) return { readObject, counts };
  const all = most === Infinity ? 0 : await countPut(files);
  const isTaken = (at: number): boolean =>
    all <= most || Math.floor(((at + 1) * most) / all) > Math.floor((at * most) / all);
  return {
    readObject: async (url) => {
      turn += 1;
      const object = isTaken(turn - 1)
        ? await readObject(url)
        : { unread: `${most} of ${all} objects were, evenly over the log` };
      if (object === undefined) gone += 1;
      else if ('unread' in object) unread += 1;
      else read += 1;
      return object;
    },
    counts,
  };
}

async function countPut(files: LogFiles): Promise<number> {
  let count = 0;
  for await (const one of keptLines(files, anchorFolder))
    if ('line' in one && asAnchorLine(one.line)?.kind === 'put') count += 1;
  return count;
}
