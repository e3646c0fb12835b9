import { setTimeout as sleep } from 'node:timers/promises';
import type { Filter } from '../../audit/query/filter.ts';
import { openSearched, searchLog } from '../../audit/query/search.ts';
import type { SearchedLog } from '../../audit/query/search.ts';
import { mergeByTime } from '../../audit/sources/merge.ts';
import type { RecordEntry, RecordLog } from '../../audit/sources/types.ts';
import { openRecordSource } from '../record-source.ts';
import type { Session } from '../session.ts';
import { writeLines } from '../write-lines.ts';
import { tellNotes } from './answer-notes.ts';
import { written, type QueryOptions } from './query.ts';

/** Between two looks at the logs (ms): they have a checkpoint a second. */
const everyMs = 1000;

/** What a log ended at when it was last looked at. */
interface Seen {
  /** Index of what comes next. */
  readonly next: number;
  /** Bytes of its files; a log in tiles is told by its size. */
  readonly bytes: number;
}

export interface FollowWork {
  readonly logs: readonly SearchedLog[];
  readonly filter: Filter;
  readonly options: QueryOptions;
  readonly session: Session;
}

/** Writes what was found, and then what comes, until the time of `--until` is over. */
export async function followRecords(
  found: readonly RecordEntry[],
  { logs, filter, options, session }: FollowWork,
): Promise<void> {
  const { stdout, clock } = session.around;
  const several = logs.length > 1;
  const locations = logs.map(({ log }) => log.origin);
  const seen = new Map<string, Seen>();
  for (const { log } of logs) seen.set(log.origin, { next: await lengthOf(log), bytes: bytesOf(log) });
  await writeLines(stdout, [written(found, options.format, several, true, session)]);
  while (filter.until === undefined || clock.now() < filter.until) {
    await sleep(everyMs);
    const source = await openRecordSource(locations, session);
    const grown = source.logs.filter((log) => bytesOf(log) !== seen.get(log.origin)?.bytes);
    if (grown.length === 0) continue;
    const searches = await Promise.all(
      grown.map(async (log) => newRecords(await openSearched(log, false), filter, seen, session)),
    );
    for await (const entry of mergeByTime(searches, 'oldest'))
      await writeLines(stdout, [written([entry], options.format, several, false, session)]);
  }
}

async function* newRecords(
  searched: SearchedLog,
  filter: Filter,
  seen: Map<string, Seen>,
  session: Session,
): AsyncGenerator<RecordEntry> {
  const { log } = searched;
  const length = await lengthOf(log);
  const before = seen.get(log.origin)?.next ?? 0;
  // Fewer than before: what was rotated away is gone, and nobody knows how much of what is there was told.
  const from = length < before ? length : before;
  seen.set(log.origin, { next: length, bytes: bytesOf(log) });
  const onDamaged = (index: number): void =>
    tellNotes([`#${index} of ${log.origin} is no record: audit show tells what it has`], session);
  const range = { from, to: length };
  yield* searchLog(searched, filter, { order: 'oldest', range, most: Infinity, onDamaged });
}

function bytesOf({ tree, files }: RecordLog): number {
  return tree ? tree.checkpoint.size : files.reduce((sum, { size }) => sum + size, 0);
}

async function lengthOf({ tree, files }: RecordLog): Promise<number> {
  if (tree) return tree.checkpoint.size;
  let count = 0;
  for (const { blocks } of files) {
    for await (const { bytes } of blocks()) {
      for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count += 1;
    }
  }
  return count;
}
