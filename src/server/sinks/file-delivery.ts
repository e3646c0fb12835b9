import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../audit/log/durable.ts';
import { openNdjsonLog } from '../../audit/ndjson-log.ts';
import type { SinkConfig } from '../../config/types.ts';
import { inSlices } from './batch.ts';
import { messageOf } from './message.ts';
import type { Delivery } from './types.ts';

/** A file of lines that is rotated. A batch counts as taken once it is on the disk. */
export function fileDelivery(
  { format, rotate_bytes: rotateBytes, keep }: SinkConfig,
  path: string,
  say: (line: string) => void,
): Delivery {
  const file = openNdjsonLog({ path, rotateBytes, keep, onReplaced: say, mayHang: true });
  return {
    limits: { entries: 1024, bytes: 4_194_304 },
    deliver: async (batch) => {
      const lines: string[] = [];
      for await (const line of inSlices(batch, (entry) => messageOf(entry, format))) lines.push(line);
      await file.append(lines);
      await sync(path);
      return { rejected: 0 };
    },
    close: () => file.close(),
  };
}

/** What is in the file, and its name, which may be as new. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(path));
}
