import test from 'ava';
import { Frontier, rootOf } from '../../../../src/audit/tlog/frontier.ts';
import { emptyRoot, leafHash, nodeHash } from '../../../../src/audit/tlog/hash.ts';
import type { Hash } from '../../../../src/audit/tlog/hash.ts';
import { proveConsistency, proveInclusion, rootFromTiles } from '../../../../src/audit/tlog/prove.ts';
import { newTiles, parseTilePath, tilePath } from '../../../../src/audit/tlog/tile-path.ts';
import { verifyConsistency, verifyInclusion } from '../../../../src/audit/tlog/verify-proof.ts';
import { filesIn, tilesOf } from '../../../helpers/tlog.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The entries that implementations of RFC 6962 have been held against since its first one, and the roots over them. */
const published = [
  ['', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  ['00', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  ['10', 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  ['2021', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
  ['3031', '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
  ['40414243', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
  ['5051525354555657', 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
  ['606162636465666768696a6b6c6d6e6f', '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
] as const;

test('the published entries have the published roots', (t) => {
  const frontier = new Frontier();
  t.is(hex(frontier.root()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  for (const [entry, root] of published) {
    frontier.append(leafHash(Buffer.from(entry, 'hex')));
    t.is(hex(frontier.root()), root);
  }
});

/** RFC 6962 section 2.1 as it is written. */
function definedRoot(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return emptyRoot();
  if (leaves.length === 1) return leaves[0] as Hash;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(definedRoot(leaves.slice(0, split)), definedRoot(leaves.slice(split)));
}

const entries = Array.from({ length: 1300 }, (_, index) => Buffer.from(`entry ${index}`));
const leaves = entries.map(leafHash);
const sizes = [1, 2, 3, 5, 7, 8, 255, 256, 257, 511, 512, 513, 769, 1024, 1300];

test('a tree that grows has the root that RFC 6962 defines, also grown by whole subtrees', (t) => {
  for (const size of sizes) t.deepEqual(rootOf(leaves.slice(0, size)), definedRoot(leaves.slice(0, size)));
  const frontier = new Frontier();
  frontier.appendSubtree(definedRoot(leaves.slice(0, 256)), 8);
  for (const leaf of leaves.slice(256, 300)) frontier.append(leaf);
  t.deepEqual(frontier.root(), definedRoot(leaves.slice(0, 300)));
  t.throws(() => frontier.appendSubtree(leaves[0] as Hash, 8), { instanceOf: RangeError });
});

test('tiles give the root, and a proof of every kind of entry that no other entry, size or root passes', async (t) => {
  for (const size of sizes) {
    const files = filesIn(tilesOf(entries.slice(0, size)));
    const root = definedRoot(leaves.slice(0, size));
    t.deepEqual(await rootFromTiles(files, size), root);
    for (const index of new Set([0, 1, size >> 1, size - 2, size - 1])) {
      if (index < 0 || index >= size) continue;
      const proof = await proveInclusion(files, size, index);
      const leaf = leaves[index] as Hash;
      const right = { index, size, leaf, root };
      t.true(verifyInclusion(right, proof), `${index} in ${size}`);
      t.false(verifyInclusion({ ...right, leaf: leafHash(Buffer.from('other')) }, proof));
      t.false(verifyInclusion({ ...right, index: index + 1 }, proof));
      t.false(verifyInclusion({ ...right, root: emptyRoot() }, proof));
      t.false(verifyInclusion(right, [...proof, root]));
      if (proof.length > 0) t.false(verifyInclusion(right, proof.slice(1)));
    }
  }
});

test('a later tree is shown to begin with an earlier one, and with no other', async (t) => {
  for (const later of sizes) {
    const files = filesIn(tilesOf(entries.slice(0, later)));
    const after = { size: later, root: definedRoot(leaves.slice(0, later)) };
    for (const earlier of [0, ...sizes].filter((size) => size <= later)) {
      const before = { size: earlier, root: definedRoot(leaves.slice(0, earlier)) };
      const proof = await proveConsistency(files, earlier, later);
      t.true(verifyConsistency(before, after, proof), `${earlier} to ${later}`);
      t.false(verifyConsistency({ ...before, root: leaves[3] as Hash }, after, proof));
      t.false(verifyConsistency(before, { ...after, root: leaves[3] as Hash }, proof) && earlier > 0);
      t.false(verifyConsistency(before, after, [...proof, leaves[0] as Hash]));
      if (proof.length > 0) t.false(verifyConsistency(before, after, proof.slice(0, -1)));
      if (earlier > 1 && earlier < later)
        t.false(verifyConsistency({ ...before, size: earlier - 1 }, after, proof));
    }
  }
});

test('a tile that is not there or has another length is told by its path', async (t) => {
  const tiles = tilesOf(entries.slice(0, 300));
  tiles.delete('tile/0/001.p/44');
  await t.throwsAsync(proveInclusion(filesIn(tiles), 300, 299), {
    code: 'PDP_NOT_FOUND',
    message: /tile\/0\/001\.p\/44/,
  });
  tiles.set('tile/0/001.p/44', new Uint8Array(31));
  await t.throwsAsync(proveInclusion(filesIn(tiles), 300, 299), { code: 'PDP_INPUT_MALFORMED' });
  tiles.delete('tile/0/001.p/44');
  tiles.set('tile/0/001', tilesOf(entries.slice(0, 512)).get('tile/0/001') as Uint8Array);
  t.is(
    (await proveInclusion(filesIn(tiles), 300, 299)).length > 0,
    true,
    'the full tile stands for the partial one',
  );
});

test('paths of tiles are written in groups of three digits, and read in no other way', (t) => {
  t.is(tilePath({ level: 0, index: 1_234_067, width: 256 }), 'tile/0/x001/x234/067');
  t.is(tilePath({ level: 'entries', index: 5, width: 7 }), 'tile/entries/005.p/7');
  for (const name of [
    { level: 0, index: 0, width: 256 },
    { level: 63, index: 999_999_999_999, width: 255 },
    { level: 'entries', index: 1000, width: 1 },
  ] as const) {
    t.deepEqual(parseTilePath(tilePath(name)), name);
  }
  for (const path of [
    'tile/00/000',
    'tile/0/x000/001',
    'tile/0/1',
    'tile/0/001.p/0',
    'tile/0/001.p/256',
    'tile/64/000',
    'tile/0/../000',
    'tile/0/x001',
  ]) {
    t.is(parseTilePath(path), undefined, path);
  }
});

test('the tiles of a tree of 70,000 entries are those of the specification', (t) => {
  const names = newTiles(0, 70_000);
  const count = (level: number, full: boolean): number =>
    names.filter((name) => name.level === level && (name.width === 256) === full).length;
  t.deepEqual(
    [count(0, true), count(0, false), count(1, true), count(1, false), count(2, false)],
    [273, 1, 1, 1, 1],
  );
  t.deepEqual(
    names.filter(({ level, width }) => level !== 'entries' && width < 256).map(({ width }) => width),
    [112, 17, 1],
  );
  t.deepEqual(newTiles(300, 300), []);
});
