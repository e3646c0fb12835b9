import { queryPage } from '../../audit/query/page.ts';
import { checkEntries } from '../../audit/query/read-hits.ts';
import type { SearchedLog } from '../../audit/query/search.ts';
import { storedEntry, whyNoRecord } from '../../audit/query/stored-entry.ts';
import { readEntry } from '../../audit/sources/read-entry.ts';
import type { RecordEntry } from '../../audit/sources/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { namedDamageNotes } from './answer-notes.ts';
import type { LogsWork } from './logs.ts';

/** A record that was asked for, and the log that it is of. */
export interface FoundEntry {
  readonly entry: RecordEntry;
  readonly searched: SearchedLog;
}

/** An entry that is there, and is no record. */
export interface UnreadEntry {
  readonly entry: Pick<RecordEntry, 'origin' | 'index' | 'bytes'>;
  readonly searched: SearchedLog;
  /** What it is instead. */
  readonly unread: string;
}

/**
 * Finds a record by its decision's id, the last one where there are several, or an entry of a log by `#INDEX`. Throws
 * PDP_NOT_FOUND; PDP_USAGE where an index could be of several logs; PDP_INPUT_MALFORMED for an entry that is no record.
 */
export async function findEntry(id: string, work: LogsWork): Promise<FoundEntry> {
  const found = await findStored(id, work);
  if (!('unread' in found)) return found;
  const { origin, index } = found.entry;
  throw new PortreeveError(
    'PDP_INPUT_MALFORMED',
    `entry ${index} of ${origin} is there, and is no record: ${found.unread}; audit show '#${index}' shows it`,
  );
}

/** As `findEntry`, also entries that are no records. */
export async function findStored(id: string, work: LogsWork): Promise<FoundEntry | UnreadEntry> {
  const { logs, onEntries, onDamaged } = work;
  const index = /^#(\d{1,15})$/.exec(id)?.[1];
  if (index !== undefined) return byIndex(Number(index), work);
  for (const searched of logs) {
    const filter = { fields: { decision: id, kind: 'decision' } };
    const page = await queryPage([searched], { filter, order: 'newest', limit: 1, onEntries, onDamaged });
    const entry = page.entries[0];
    if (entry) return { entry, searched };
  }
  const notes = namedDamageNotes(work).map((note) => `; ${note}`);
  throw new PortreeveError(
    'PDP_NOT_FOUND',
    `no record ${id} in ${namesOf(logs)}: ${advice(id)}${notes.join('')}`,
  );
}

async function byIndex(index: number, { logs }: LogsWork): Promise<FoundEntry | UnreadEntry> {
  const [searched] = logs;
  if (searched === undefined || logs.length > 1)
    throw new PortreeveError('PDP_USAGE', `#${index} may be of each of ${logs.length} logs: name one`);
  const { origin, tree } = searched.log;
  const bytes = await storedEntry(searched.log, index);
  if (bytes === undefined)
    throw new PortreeveError('PDP_NOT_FOUND', `no entry #${index} in ${origin}${extentOf(searched)}`);
  const entry = readEntry(origin, index, bytes);
  if (!entry) return { entry: { origin, index, bytes }, searched, unread: whyNoRecord(bytes) };
  if (tree) await checkEntries(origin, tree, [entry]);
  return { entry, searched };
}

function extentOf({ log: { tree } }: SearchedLog): string {
  if (!tree) return '';
  const { first, checkpoint } = tree;
  if (checkpoint.size === first) return ': it has none';
  const before = first > 0 ? '; those before were removed, or are not in this copy' : '';
  return `: it has the entries #${first} to #${checkpoint.size - 1}${before}`;
}

function namesOf(logs: readonly SearchedLog[]): string {
  return logs.map(({ log }) => log.origin).join(', ');
}

const ids = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Merged denials are written once a second; what was made in one second may be written in the next ones (ms). */
const mergedWithinMs = 10_000;

/** What else to try for an id that nothing was found by. */
function advice(id: string): string {
  const form = ids.exec(id);
  if (!form)
    return 'it is no id of a decision; #INDEX names an entry, and audit query and audit why find by device and time';
  const at = form[3] === '7' ? Number.parseInt(`${form[1]}${form[2]}`, 16) : undefined;
  const span =
    at === undefined ? '' : ` --since ${formatInstant(at)} --until ${formatInstant(at + mergedWithinMs)}`;
  return (
    'it may be in another log, or be removed; a denial of somebody unidentified may have been counted with others,' +
    ` in a record without ids: audit query --kind merged${span}`
  );
}
