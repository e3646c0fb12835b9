import { Argument, Option, type Command } from 'commander';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { followLog } from '../../audit/index/follow.ts';
import { coveredBy } from '../../audit/index/index-file.ts';
import { indexName } from '../../audit/index/schema.ts';
import { openSearched } from '../../audit/query/search.ts';
import type { SearchedLog } from '../../audit/query/search.ts';
import type { RecordLog } from '../../audit/sources/types.ts';
import { tileWidth } from '../../audit/tlog/tile-path.ts';
import { configOption, type CommonOptions } from '../command.ts';
import { openRecordSource, recordsHelp } from '../record-source.ts';
import type { Session } from '../session.ts';

export interface LogsOptions extends CommonOptions {
  readonly log?: readonly string[];
  /** False where `--no-index` is given. */
  readonly index?: boolean;
}

/** Entries that an index may lack: looking through so many takes less than adding them. */
const fewEntries = 16 * tileWidth;

/** Adds what every command takes that reads logs: which, as arguments or by `--log`, and the configuration. */
export function logsOptions(command: Command, { asArguments = true } = {}): Command {
  if (asArguments)
    command.addArgument(new Argument('[log...]', `${recordsHelp} (default: the configuration's)`));
  return command
    .addOption(new Option('--log <location...>', asArguments ? 'the same as [log...]' : recordsHelp))
    .addOption(configOption());
}

/** Adds `--no-index`. */
export function indexOption(command: Command): Command {
  return command.option('--no-index', 'look through the logs themselves, without the index beside them');
}

/** What is told of records as they are looked through. */
export interface LogsWork {
  readonly logs: readonly SearchedLog[];
  /** Those of the logs named on the command line that the index beside them is used of. */
  readonly indexed: readonly string[];
  /** Folders of what digests in records name. */
  readonly keptFolders: readonly string[];
  readonly onEntries: (count: number) => void;
  readonly onDamaged: (index: number, origin?: string) => void;
  /** Lines and entries that are no records, so far; each once where it was told of which log it is. */
  readonly damaged: () => number;
  /** Those of which that was told, as `#7 of LOG`. */
  readonly damagedEntries: () => readonly string[];
  /** Ends the line of progress, before anything is written. */
  readonly quiet: () => void;
}

/** Opens the logs that are named, else the configured one, and closes them after the work. Throws as `openRecords`. */
export async function withLogs<T>(
  named: readonly string[],
  options: LogsOptions,
  session: Session,
  work: (opened: LogsWork) => Promise<T>,
): Promise<T> {
  const locations = [...named, ...(options.log ?? [])];
  const source = await openRecordSource(
    locations.length > 0 ? locations : [session.config(options.config).audit.path],
    session,
  );
  const progress = session.progress();
  const logs: SearchedLog[] = [];
  const entriesDamaged = new Set<string>();
  let [entries, damaged] = [0, 0];
  try {
    const isOwn = locations.length === 0;
    for (const log of source.logs)
      logs.push(await opened(log, { useIndex: options.index !== false, isOwn }, progress.show));
    return await work({
      logs,
      indexed: locations.length === 0 ? [] : logs.filter(isIndexed).map(({ log }) => log.origin),
      keptFolders: source.keptFolders,
      onEntries: (count) => {
        entries += count;
        progress.show(`looking through records, ${entries} so far`);
      },
      onDamaged: (index, origin) => {
        if (origin === undefined) damaged += 1;
        else entriesDamaged.add(`#${index} of ${origin}`);
      },
      damaged: () => damaged + entriesDamaged.size,
      damagedEntries: () => [...entriesDamaged],
      quiet: progress.end,
    });
  } finally {
    progress.end();
    for (const one of logs) one.close();
  }
}

function isIndexed({ index }: SearchedLog): boolean {
  if (!index) return false;
  const { first, next } = coveredBy(index);
  return next > first;
}

interface Opening {
  readonly useIndex: boolean;
  /** It is the log of the configuration. Into the folder of any other, which may be evidence, nothing is written. */
  readonly isOwn: boolean;
}

/** An index of one's own that lags is brought up where that can be done; whatever it lacks then is looked through. */
async function opened(
  log: RecordLog,
  { useIndex, isOwn }: Opening,
  show: (text: string) => void,
): Promise<SearchedLog> {
  const { tree, origin } = log;
  const searched = await openSearched(log, useIndex);
  const folder = tree?.folder;
  if (!isOwn || !useIndex || !tree || folder === undefined || !existsSync(join(folder, indexName)))
    return searched;
  const next = searched.index ? coveredBy(searched.index).next * tileWidth : 0;
  if (tree.checkpoint.size - next <= fewEntries) return searched;
  searched.close();
  let added = 0;
  const onEntries = (count: number): void => {
    added += count;
    show(`indexing ${origin}: ${added} of ${tree.checkpoint.size - next} records`);
  };
  // A folder that may not be read into the index only is looked through.
  await followLog(origin, folder, tree, { maxBytes: null, onEntries }).catch(() => undefined);
  return openSearched(log);
}
