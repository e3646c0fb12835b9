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
  readonly onDamaged: () => void;
  /** Lines and entries that are no records, so far. */
  readonly damaged: () => number;
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
  let [entries, damaged] = [0, 0];
  try {
    for (const log of source.logs) logs.push(await opened(log, options.index !== false, progress.show));
    return await work({
      logs,
      indexed: locations.length === 0 ? [] : logs.filter(isIndexed).map(({ log }) => log.origin),
      keptFolders: source.keptFolders,
      onEntries: (count) => {
        entries += count;
        progress.show(`looking through records, ${entries} so far`);
      },
      onDamaged: () => (damaged += 1),
      damaged: () => damaged,
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

/** An index that lags is brought up where that can be done; whatever it lacks then is looked through. */
async function opened(log: RecordLog, useIndex: boolean, show: (text: string) => void): Promise<SearchedLog> {
  const { tree, origin } = log;
  const searched = await openSearched(log, useIndex);
  const folder = tree?.folder;
  if (!useIndex || !tree || folder === undefined || !existsSync(join(folder, indexName))) return searched;
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
