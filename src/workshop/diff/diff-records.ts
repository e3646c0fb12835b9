import type { RecordBlock } from '../../audit/read-blocks.ts';
import type { RecordFile } from '../../audit/sources/types.ts';
import type { SettingsSources } from '../records/settings.ts';
import { supersededIds } from '../records/superseded.ts';
import { FlippedDevices } from './flipped-devices.ts';
import { createJudge } from './judge-block.ts';
import { readSides } from './sides.ts';
import { addTally, newTally } from './tally.ts';
import type { Tally } from './tally.ts';
import { judgeInThreads } from './threads.ts';

export interface DiffRecordsOptions {
  /** Bytes of both bundles. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly files: readonly RecordFile[];
  readonly settings: SettingsSources;
  /** As `JudgeOptions` has it. */
  readonly skipDamaged?: boolean;
  /** Threads that decide at once; of few records none is begun. */
  readonly jobs: number;
  /** Devices that are listed. */
  readonly mostDevices: number;
  /** Told of bytes as they are read from the disk, which happens twice. */
  readonly onBytes?: (phase: 'looking' | 'deciding', count: number) => void;
}

/** What came out of deciding connections anew. */
export interface Outcome {
  readonly tally: Tally;
  readonly devices: FlippedDevices;
}

/** Bytes below which beginning threads takes longer than deciding. */
const fewBytes = 4 * 1024 * 1024;

/**
 * Decides every record of files anew with both bundles. Throws PDP_INPUT_MALFORMED naming file and line for what is no
 * record, and what loading the bundles throws.
 */
export async function diffRecords(options: DiffRecordsOptions): Promise<Outcome> {
  const { before, after, files, settings, jobs, onBytes, skipDamaged = false } = options;
  const outcome = { tally: newTally(), devices: new FlippedDevices(options.mostDevices) };
  const take = (tally: Tally): void => {
    addTally(outcome.tally, tally);
    for (const flip of tally.flips) outcome.devices.take(flip);
  };
  const superseded = await supersededIds(files, (count) => onBytes?.('looking', count));
  // Read here as well: what is wrong with a bundle is told before a record is read.
  const sides = readSides(before, after);
  const blocks = blocksOf(files, (count) => onBytes?.('deciding', count));
  const size = files.reduce((sum, one) => sum + one.size, 0);
  if (jobs > 1 && size > fewBytes) {
    await judgeInThreads(blocks, { before, after, settings, superseded, skipDamaged }, jobs, take);
    return outcome;
  }
  const judge = createJudge({ sides, settings, superseded, skipDamaged });
  for await (const block of blocks) take(await judge(block));
  return outcome;
}

async function* blocksOf(
  files: readonly RecordFile[],
  onBytes: (count: number) => void,
): AsyncGenerator<RecordBlock> {
  for (const { blocks } of files) yield* blocks(onBytes);
}
