import test from 'ava';
import { Tree } from '../../../../src/audit/log/tree.ts';
import { Frontier } from '../../../../src/audit/tlog/frontier.ts';
import { leafHash } from '../../../../src/audit/tlog/hash.ts';
import { tilePath } from '../../../../src/audit/tlog/tile-path.ts';
import { filesIn, tilesOf } from '../../../helpers/tlog.ts';

const entry = (index: number): Buffer => Buffer.from(`{"n":${index}}`);
const prefixed = (index: number): Buffer => Buffer.concat([Buffer.of(0xff), entry(index)]);

test('the root is that of the entries, at every size, over three levels of tiles', (t) => {
  const [tree, frontier] = [new Tree(), new Frontier()];
  for (let index = 0; index < 66_000; index += 1) {
    tree.append(prefixed(index));
    frontier.append(leafHash(entry(index)));
    const near = index < 600 || (index > 65_530 && index < 65_550) || index % 4099 === 0;
    if (near) t.deepEqual(Buffer.from(tree.root()), Buffer.from(frontier.root()), `size ${index + 1}`);
  }
});

test('new tiles are those that came since the last were taken, and make up the whole tree', async (t) => {
  const size = 66_000;
  const expected = tilesOf(Array.from({ length: size }, (_, index) => entry(index)));
  const files = new Map<string, Uint8Array>();
  let tree = new Tree();
  const stops = new Set([1, 255, 256, 257, 511, 5000, 65_535, 65_536, 65_537, size]);
  for (let index = 0; index < size; index += 1) {
    tree.append(prefixed(index));
    if (!stops.has(index + 1)) continue;
    const fresh = tree.newTiles();
    // What was not taken is answered again.
    t.deepEqual(tree.newTiles(), fresh);
    for (const { name, bytes } of fresh) files.set(tilePath(name), bytes);
    tree.taken(tree.size);
    t.deepEqual(tree.newTiles(), []);
    const again = await Tree.load(filesIn(files), tree.size);
    t.deepEqual(Buffer.from(again.root()), Buffer.from(tree.root()));
    tree = again;
  }
  for (const [path, bytes] of expected) {
    if (!path.startsWith('tile/entries/'))
      t.deepEqual(Buffer.from(files.get(path) ?? []), Buffer.from(bytes), path);
  }
});
