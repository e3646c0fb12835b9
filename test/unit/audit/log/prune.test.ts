import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { DurableFolder } from '../../../../src/audit/log/durable.ts';
import { leftBelow, pruneBelow } from '../../../../src/audit/log/prune.ts';
import { tilePath } from '../../../../src/audit/tlog/tile-path.ts';
import { temporaryFolder } from '../../../helpers/crl-fixtures.ts';

const width = 256;
/** Entries of a whole tile of the second level. */
const minimum = width * width;

/** A folder with the files of one tile of the second level and of all below it, of a byte each. */
function wholeTile(t: ExecutionContext) {
  const root = temporaryFolder(t);
  const path = (level: number | 'entries', index: number): string =>
    join(root, tilePath({ level, index, width }));
  const put = (file: string): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'x');
  };
  put(path(1, 0));
  for (let index = 0; index < width; index += 1)
    for (const level of [0, 'entries'] as const) put(path(level, index));
  return { root, path, put };
}

test('entries go last, so that what is left of a removal that was broken off anywhere shows in them', async (t) => {
  const { root, path, put } = wholeTile(t);
  t.deepEqual(leftBelow(root, minimum), { before: 0, minimumIndex: minimum });
  t.is(leftBelow(root, 0), null);

  for (const obstacle of [path(0, 2), path('entries', 5)]) {
    // A folder is not removed in the place of a file, and the removal ends there.
    rmSync(obstacle);
    mkdirSync(obstacle);
    await t.throwsAsync(pruneBelow(new DurableFolder(root), 0, minimum));
    t.false(existsSync(path(1, 0)), 'all above them is gone');
    const left = leftBelow(root, minimum);
    t.deepEqual(left, { before: (obstacle === path(0, 2) ? 2 : 5) * width, minimumIndex: minimum });
    rmSync(obstacle, { recursive: true });
    put(obstacle);
  }
  await pruneBelow(new DurableFolder(root), 2 * width, minimum);
  t.is(leftBelow(root, minimum), null);
  t.false(existsSync(path(0, 255)));
});

test('the hashes with which a kept checkpoint ends stay, of every level, and no others', async (t) => {
  const { root, path } = wholeTile(t);
  // Of the second, nothing of the lowest level: it ends with a tile.
  const bytes = await pruneBelow(new DurableFolder(root), 0, minimum, [3 * width + 7, 9 * width]);
  const left = [0, 1, 'entries' as const].flatMap((level) =>
    Array.from({ length: width }, (_, index) => path(level, index)).filter((file) => existsSync(file)),
  );
  t.deepEqual(left, [path(0, 3), path(1, 0)]);
  t.is(bytes, 2 * width + 1 - 2);
});
