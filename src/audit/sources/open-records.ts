import type { EpochMs } from '../../lib/clock.ts';
import { openLocation } from './locate.ts';
import type { OpenOptions } from './locate.ts';
import { mergeByTime } from './merge.ts';
import { readEntry } from './read-entry.ts';
import type { OnBytes, RecordEntry, RecordFile, RecordLog } from './types.ts';

/** Records of several logs at once. */
export interface RecordSource {
  readonly logs: readonly RecordLog[];
  /** The files of all logs, in the order of the locations: to look through every record of each. */
  readonly files: readonly RecordFile[];
  /** Folders of what digests in records name. */
  readonly keptFolders: readonly string[];
  /** Records of all logs, oldest first by time, each with its origin. Throws PDP_INPUT_MALFORMED where one cannot be read. */
  records(options?: RecordsOptions): AsyncIterable<RecordEntry>;
}

export interface RecordsOptions {
  /** From then on. */
  readonly from?: EpochMs;
  /** Before then. */
  readonly to?: EpochMs;
  readonly onBytes?: OnBytes;
  /** Told of each line that is no record. */
  readonly onDamaged?: (file: string, index: number) => void;
}

/** Opens every location, each once. Throws as `openLocation` does, for the first that cannot be opened. */
export async function openRecords(locations: readonly string[], options: OpenOptions): Promise<RecordSource> {
  const logs: RecordLog[] = [];
  for (const location of new Set(locations)) logs.push(await openLocation(location, options));
  const files = new Map(logs.flatMap((log) => log.files).map((file) => [file.path, file]));
  return {
    logs,
    files: [...files.values()],
    keptFolders: logs.flatMap(({ keptFolder }) => keptFolder ?? []),
    records: (wanted = {}) =>
      mergeByTime(
        logs.map((log) => entriesOf(log, wanted)),
        'oldest',
      ),
  };
}

/** The records of one log, as they stand. */
export async function* entriesOf(log: RecordLog, options: RecordsOptions): AsyncGenerator<RecordEntry> {
  const { from = -Infinity, to = Infinity, onBytes, onDamaged } = options;
  let index = log.tree?.first ?? 0;
  for (const file of log.files) {
    for await (const block of file.blocks(onBytes)) {
      for (const line of bytesOfLines(block.bytes)) {
        const entry = line.byteLength === 0 ? undefined : readEntry(log.origin, index, line);
        if (entry && entry.time >= from && entry.time < to) yield entry;
        if (!entry && line.byteLength > 0) onDamaged?.(file.path, index);
        index += 1;
      }
    }
  }
}

/** The lines of a block without their line feeds, empty ones too: they count. */
export function* bytesOfLines(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}
