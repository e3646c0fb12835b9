import { isObject } from '../../policy/is-object.ts';
import { bytesOfLines } from '../sources/open-records.ts';
import { bundleEntries } from '../sources/tree-log.ts';
import type { RecordLog } from '../sources/types.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import { isGroupless } from './parts.ts';

/**
 * The bytes of an entry of a log, or of a line, whatever they are; undefined where the log has none of this index. Throws as
 * `bundleEntries` does.
 */
export async function storedEntry(
  { origin, tree, files }: RecordLog,
  index: number,
): Promise<Uint8Array | undefined> {
  if (tree) {
    if (index < tree.first || index >= tree.checkpoint.size) return undefined;
    const entries = await bundleEntries(origin, tree, Math.floor(index / tileWidth));
    return entries[index % tileWidth];
  }
  let next = 0;
  for (const { blocks } of files) {
    for await (const { bytes } of blocks()) {
      for (const line of bytesOfLines(bytes)) {
        if (next === index) return line.byteLength === 0 ? undefined : Buffer.from(line);
        next += 1;
      }
    }
  }
  return undefined;
}

/** What bytes are that `readEntry` takes for no record. */
export function whyNoRecord(bytes: Uint8Array): string {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return 'it is not JSON';
  }
  if (!isObject(value))
    return `it is JSON, but ${Array.isArray(value) ? 'a list' : 'one value'} and no object`;
  if (isGroupless(value)) return 'it says that it counts denials, and has no list of them';
  const { time } = value;
  if (typeof time !== 'string') return 'it is a JSON object without a time';
  return `it is a JSON object whose time is none: ${JSON.stringify(time)}`;
}
