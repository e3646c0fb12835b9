import type { LineBlock, Lines } from '../../audit/line-block.ts';

/**
 * Told of a block of lines once all of it stands in the log, but for the lines that the log did not take: where in the block
 * each of these ends (bytes), in order.
 */
export type Written = (refused?: readonly number[]) => void;

/** Lines that wait to be written: the parent's own one, a worker's block, or a part of one. */
export interface Waiting {
  readonly lines: Lines;
  readonly count: number;
  readonly written?: Written | undefined;
  /** Of a block that was taken apart. */
  readonly part?: Part;
}

interface Part {
  /** Where in the block it begins (bytes). */
  readonly from: number;
  /** Where lines end that were not taken; of all parts of the block. */
  readonly refused: number[];
}

const lineFeed = 0x0a;

/** Two parts of a block of several lines, to be written in this order: the second one has what is to be told of both. */
export function halvesOf({ lines, count, written, part }: Waiting): readonly [Waiting, Waiting] {
  const { bytes, release } = lines as LineBlock;
  const { from, refused } = part ?? { from: 0, refused: [] };
  const half = count >> 1;
  let at = 0;
  for (let line = 0; line < half; line += 1) at = bytes.indexOf(lineFeed, at) + 1;
  const rest = { bytes: bytes.subarray(at), count: count - half, ...(release && { release }) };
  return [
    { lines: { bytes: bytes.subarray(0, at), count: half }, count: half, part: { from, refused } },
    { lines: rest, count: rest.count, written, part: { from: from + at, refused } },
  ];
}

/** Tells of lines that are through, and gives their memory back. */
export function conclude({ lines, written, part }: Waiting): void {
  written?.(part?.refused);
  if (typeof lines !== 'string') lines.release?.();
}

/** As `conclude`, for a single line that the log did not take. */
export function concludeRefused(one: Waiting): void {
  const { lines, part = { from: 0, refused: [] } } = one;
  if (typeof lines !== 'string') part.refused.push(part.from + lines.bytes.byteLength);
  conclude({ ...one, part });
}
