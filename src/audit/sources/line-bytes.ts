import { gunzipSync } from 'node:zlib';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { linesOfBlock } from '../read-blocks.ts';
import type { RecordBlock } from '../read-blocks.ts';
import type { OnBytes, RecordFile } from './types.ts';

/** Bytes of unpacked lines above which a file that was fetched is refused. */
const mostUnpacked = 2 ** 31 - 1;

/** Lines that are in memory, from an archive or an address; packed where the name ends in `.gz`. Throws PDP_INPUT_MALFORMED. */
export function lineBytes(path: string, bytes: Uint8Array): RecordFile {
  const text = path.endsWith('.gz') ? unpacked(path, bytes) : Buffer.from(bytes);
  return {
    path,
    size: text.byteLength,
    blocks: (onBytes) => blocksOf(path, text, onBytes),
    async *lines(onBytes) {
      for await (const block of blocksOf(path, text, onBytes))
        for (const line of linesOfBlock(block)) yield line.text;
    },
  };
}

async function* blocksOf(file: string, text: Buffer, onBytes?: OnBytes): AsyncGenerator<RecordBlock> {
  if (text.byteLength === 0) return;
  onBytes?.(text.byteLength);
  // A copy, because blocks may be handed to a thread, and files are read more than once.
  const bytes = Buffer.from(new ArrayBuffer(text.byteLength));
  text.copy(bytes);
  yield { file, line: 1, bytes };
}

function unpacked(path: string, bytes: Uint8Array): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: mostUnpacked });
  } catch (cause) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', `cannot read ${path}: ${describeThrown(cause)}`, {
      cause,
    });
  }
}
