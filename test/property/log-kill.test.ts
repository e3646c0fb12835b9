import fs, { cpSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import test from 'ava';
import fc from 'fast-check';
import type { Log } from '../../src/audit/log/types.ts';
import { parseCheckpoint } from '../../src/audit/tlog/checkpoint.ts';
import { proveConsistency } from '../../src/audit/tlog/prove.ts';
import { verifyConsistency } from '../../src/audit/tlog/verify-proof.ts';
import { checkpointIn, logFolder, provedEntries, someRecords } from '../helpers/log-folder.ts';

const factor = Number(process.env['SOAK_FACTOR'] ?? 1);

/** What a kill leaves: the folder as it was at one moment, with what was kept by then. */
interface Moment {
  readonly kept: number;
  readonly checkpoint: string | undefined;
  readonly copy: ReturnType<typeof logFolder>;
}

type Step = { readonly append: number } | 'integrate';

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ append: fc.integer({ min: 1, max: 270 }) }) },
    fc.constant('integrate' as const),
  ),
  { minLength: 1, maxLength: 5 },
);

test.serial(
  'whenever the writer is killed, all that was kept is there, and the tree continues the checkpoint',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.nat(), { minLength: 6, maxLength: 6 }), async (plan, picks) => {
        const { folder, options, open } = logFolder(t);
        const moments: Moment[] = [];
        const log = open();
        await log.open();
        await atEveryStep(
          () => {
            const copy = logFolder(t, { keyFile: options.keyFile });
            cpSync(folder, copy.folder, { recursive: true });
            moments.push({ kept: log.size, checkpoint: checkpointIn(folder), copy });
          },
          () => run(log, plan),
        );
        await log.close();
        const picked = new Set(picks.map((pick) => moments[pick % moments.length] as Moment));
        for (const moment of picked) await checkMoment(moment);
      }),
      { numRuns: Math.ceil(4 * factor) },
    );
    t.pass();
  },
);

async function run(log: Log, plan: readonly Step[]): Promise<void> {
  for (const step of plan) {
    if (step === 'integrate') await log.integrate();
    else await log.append(someRecords(log.size, step.append));
  }
  await log.integrate();
}

/** Calls before and after each rename, by which files come into place, and in the middle of each write to the journal. */
async function atEveryStep(look: () => void, work: () => Promise<void>): Promise<void> {
  const { rename } = promises;
  const { writevSync } = fs;
  promises.rename = async (from, to) => {
    look();
    await rename(from, to);
    look();
  };
  fs.writevSync = (fd, parts) => {
    const bytes = Buffer.concat(parts as Uint8Array[]);
    const half = writevSync(fd, [bytes.subarray(0, bytes.byteLength >> 1)]);
    look();
    return half + writevSync(fd, [bytes.subarray(half)]);
  };
  syncBuiltinESMExports();
  try {
    await work();
    look();
  } finally {
    Object.assign(promises, { rename });
    Object.assign(fs, { writevSync });
    syncBuiltinESMExports();
  }
}

async function checkMoment({ kept, checkpoint, copy }: Moment): Promise<void> {
  const log = copy.open();
  const { size } = await log.open();
  if (size < kept) throw new Error(`${kept} were kept and ${size} are there`);
  await log.append(someRecords(size, 1));
  await log.close();
  const after = await provedEntries(copy.folder);
  const expected = someRecords(0, size + 1);
  if (JSON.stringify(after.entries) !== JSON.stringify(expected)) throw new Error('other entries are there');
  if (checkpoint === undefined) return;
  const before = parseCheckpoint(Buffer.from(checkpoint));
  const proof = await proveConsistency(log.files, before.size, after.checkpoint.size);
  if (!verifyConsistency(before, after.checkpoint, proof))
    throw new Error('the tree does not continue the checkpoint');
}
