import { queryPage } from '../../audit/query/page.ts';
import { searchLog } from '../../audit/query/search.ts';
import type { SearchedLog } from '../../audit/query/search.ts';
import type { RecordEntry } from '../../audit/sources/types.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { LogsWork } from './logs.ts';

/** A record that was asked for, and the log that it is of. */
export interface FoundEntry {
  readonly entry: RecordEntry;
  readonly searched: SearchedLog;
}

/**
 * Finds a record by its decision's id, the last one where there are several, or an entry of a log by `#INDEX`. Throws
 * PDP_NOT_FOUND; PDP_USAGE where an index could be of several logs.
 */
export async function findEntry(id: string, { logs, onEntries }: LogsWork): Promise<FoundEntry> {
  const index = /^#(\d{1,15})$/.exec(id)?.[1];
  if (index !== undefined && logs.length > 1)
    throw new PortreeveError('PDP_USAGE', `${id} may be of each of ${logs.length} logs: name one`);
  for (const searched of logs) {
    const entry =
      index === undefined ? await byId(id, searched, onEntries) : await byIndex(Number(index), searched);
    if (entry) return { entry, searched };
  }
  const names = logs.map(({ log }) => log.origin).join(', ');
  throw new PortreeveError('PDP_NOT_FOUND', `no record ${id} in ${names}`);
}

async function byId(
  id: string,
  searched: SearchedLog,
  onEntries: (count: number) => void,
): Promise<RecordEntry | undefined> {
  const filter = { fields: { decision: id, kind: 'decision' } };
  const page = await queryPage([searched], { filter, order: 'newest', limit: 1, onEntries });
  return page.entries[0];
}

async function byIndex(index: number, { log }: SearchedLog): Promise<RecordEntry | undefined> {
  const alone = { log, index: undefined, close: () => undefined };
  const range = { from: index, to: index + 1 };
  for await (const entry of searchLog(alone, { fields: {} }, { order: 'oldest', range, most: 1 }))
    return entry;
  return undefined;
}
