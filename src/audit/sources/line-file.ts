import { recordBlocks } from '../read-blocks.ts';
import { logLines } from '../read-log.ts';
import type { LogFile } from '../read-log.ts';
import type { RecordFile } from './types.ts';

/** A file of lines on the disk, as far as it was when it was looked at. */
export function lineFile({ path, size }: LogFile): RecordFile {
  return {
    path,
    size,
    blocks: (onBytes) => recordBlocks(path, onBytes, size),
    lines: (onBytes = () => undefined) => logLines(path, onBytes),
  };
}
