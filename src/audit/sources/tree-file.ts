import { linesOfBlock } from '../read-blocks.ts';
import type { RecordBlock } from '../read-blocks.ts';
import { bundleEntries, bundlesIn } from './tree-log.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import type { OnBytes, RecordFile, TreeLog } from './types.ts';

const lineFeed = 0x0a;
/** Stands for a line feed within an entry: no record has one, and no JSON has this. */
const noJson = 0x01;

/** The entries of a log as lines; a block's number is the index of its first entry, and findings say `LOG:INDEX`. */
export function treeFile(path: string, tree: TreeLog): RecordFile {
  return {
    path,
    // Not known without looking at every file; a record is about this long.
    size: (tree.checkpoint.size - tree.first) * usualBytes,
    blocks: (onBytes) => blocksOf(path, tree, onBytes),
    async *lines(onBytes) {
      for await (const block of blocksOf(path, tree, onBytes))
        for (const line of linesOfBlock(block)) yield line.text;
    },
  };
}

const usualBytes = 4096;

async function* blocksOf(file: string, tree: TreeLog, onBytes?: OnBytes): AsyncGenerator<RecordBlock> {
  for (let bundle = tree.first / tileWidth; bundle < bundlesIn(tree.checkpoint.size); bundle += 1) {
    const entries = await bundleEntries(file, tree, bundle);
    const bytes = asLines(entries);
    // As `size` counts them, so that a total is reached.
    onBytes?.(entries.length * usualBytes);
    yield { file, line: bundle * tileWidth, bytes };
  }
}

/** Entries one a line, in memory of their own. */
function asLines(entries: readonly Uint8Array[]): Buffer {
  const length = entries.reduce((sum, entry) => sum + entry.byteLength + 1, 0);
  const bytes = Buffer.from(new ArrayBuffer(length));
  let at = 0;
  for (const entry of entries) {
    bytes.set(entry, at);
    const end = at + entry.byteLength;
    for (
      let wrong = bytes.indexOf(lineFeed, at);
      wrong >= 0 && wrong < end;
      wrong = bytes.indexOf(lineFeed, wrong)
    )
      bytes[wrong] = noJson;
    bytes[end] = lineFeed;
    at = end + 1;
  }
  return bytes;
}
