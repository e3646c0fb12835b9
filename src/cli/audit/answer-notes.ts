import type { Filter } from '../../audit/query/filter.ts';
import { plain } from '../output.ts';
import type { Session } from '../session.ts';
import { unknownWords } from './filter-words.ts';
import type { LogsWork } from './logs.ts';

/** Whether, and how, an index beside the logs that were named told where to look; undefined where none did. */
export function byIndexWords({ logs, indexed }: Pick<LogsWork, 'logs' | 'indexed'>): string | undefined {
  if (indexed.length === 0) return undefined;
  return indexed.length === logs.length && logs.length === 1
    ? 'by its index, which audit verify compares with the log'
    : `by the index of ${indexed.join(' and of ')}, which audit verify compares with the log`;
}

/** What else there is to say of an answer: that not all could be read, and what was asked for that nobody knows. */
export function notesOf(filter: Filter, found: number, damaged: number): readonly string[] {
  return [...damagedNotes(damaged), ...(found === 0 ? unknownWords(filter) : [])];
}

/** That some of what was looked through could not be read. */
export function damagedNotes(damaged: number): readonly string[] {
  return damaged > 0 ? [damagedWords(damaged)] : [];
}

/** Entries that are told by name. */
const mostNamed = 10;

/** The same with the names of the entries, for answers that are about one device or decision. */
export function namedDamageNotes({
  damaged,
  damagedEntries,
}: Pick<LogsWork, 'damaged' | 'damagedEntries'>): readonly string[] {
  const [named, [note]] = [damagedEntries(), damagedNotes(damaged())];
  if (note === undefined) return [];
  const more = named.length > mostNamed ? ` and ${named.length - mostNamed} more` : '';
  const what = 'with what was looked for in it: audit show tells what it has';
  return [`${note}, ${what} (${named.slice(0, mostNamed).join(', ')}${more})`];
}

function damagedWords(count: number): string {
  return count === 1 ? '1 line or entry is no record' : `${count} lines or entries are no records`;
}

/** Tells people what does not belong into a file that they pipe. */
export function tellNotes(notes: readonly string[], { around, json }: Session): void {
  if (!json) for (const note of notes) around.stderr.write(`portreeve: ${plain(note)}\n`);
}
