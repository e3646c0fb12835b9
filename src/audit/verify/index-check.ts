import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { asPortreeveError } from '../../lib/errors.ts';
import type { SideFile } from '../../store/side-file.ts';
import { TileWriter } from '../index/add-tile.ts';
import { firstDifferent } from '../index/compare-tiles.ts';
import { readingIndex } from '../index/damaged.ts';
import { groupOf } from '../index/groups.ts';
import { coveredBy, isIndexOf, openIndexFile, termKeyOf } from '../index/index-file.ts';
import type { Covered } from '../index/index-file.ts';
import { firstBeside, isSoundIndex, readPart } from '../index/read-part.ts';
import { indexName } from '../index/schema.ts';
import type { TileBytes } from '../index/tile-bytes.ts';
import type { TreeLog } from '../sources/types.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import type { Bundle } from './bundle.ts';
import type { Findings } from './findings.ts';

const remedy = '`audit reindex` makes it anew from the log';
const notMade = `${indexName} is not as an index is made: ${remedy}`;

/**
 * Holds the index beside a log against the log: that it was made from this one, and that it says of every entry that is
 * read here what an index made anew would say, so that it hides no record and forges no count. One group of tiles is held
 * at a time. Its records were verified before they come here.
 */
export class IndexCheck {
  readonly #index: SideFile;
  readonly #covered: Covered;
  readonly #findings: Findings;
  readonly #writer: TileWriter;
  /** The tiles of a group that were made anew and are still to be compared: from `first` up to below `next`. */
  #made: { readonly first: number; readonly next: number } | undefined;
  #told = false;

  private constructor(index: SideFile, covered: Covered, findings: Findings) {
    this.#index = index;
    this.#covered = covered;
    this.#findings = findings;
    this.#writer = new TileWriter(termKeyOf(index));
  }

  /** Undefined where there is no index, or it is of another log, which is told. */
  static async open(tree: TreeLog, findings: Findings): Promise<IndexCheck | undefined> {
    const { folder } = tree;
    if (folder === undefined || !existsSync(join(folder, indexName))) return undefined;
    const index = openIndexFile(folder, 'read_only');
    if (index === undefined) {
      findings.remark('index.differs', null, `${indexName} cannot be read: ${remedy}`);
      return undefined;
    }
    try {
      return await IndexCheck.#of(index, tree, findings);
    } catch (thrown) {
      index.close();
      if (asPortreeveError(thrown).code !== 'PDP_STORE_UNAVAILABLE') throw thrown;
      findings.fail('index.differs', null, notMade);
      return undefined;
    }
  }

  static async #of(index: SideFile, tree: TreeLog, findings: Findings): Promise<IndexCheck | undefined> {
    // Read first: a server may go on with it, and with the log.
    const covered = coveredBy(index);
    if (await isIndexOf(index, tree)) {
      if (readable(() => isSoundIndex(index))) return new IndexCheck(index, covered, findings);
      index.close();
      findings.fail('index.differs', null, notMade);
      return undefined;
    }
    const seen = Number(index.get("SELECT value FROM meta WHERE key = 'size'")?.['value'] ?? 0);
    const { size } = tree.checkpoint;
    index.close();
    if (seen > size) {
      const how = 'the log grew while it was read, or was cut off';
      findings.remark(
        'index.differs',
        size,
        `${indexName} has seen ${seen} entries, the checkpoint ${size}: ${how}`,
      );
      return undefined;
    }
    findings.fail('index.differs', null, `${indexName} was not made from this log: ${remedy}`);
    return undefined;
  }

  /** Takes a bundle of the log, in order; only whole ones are indexed. */
  take(first: number, bundle: Bundle): void {
    const tile = first / tileWidth;
    const { first: from, next } = this.#covered;
    if (this.#told || bundle.count !== tileWidth || tile < from || tile >= next) return;
    const follows = this.#made?.next === tile && groupOf(tile) === groupOf(this.#made.first);
    // What is left out was told by whoever leaves it out.
    if (!follows) this.#compare();
    this.#writer.add(tile, tileBytes(bundle));
    this.#made = { first: this.#made?.first ?? tile, next: tile + 1 };
  }

  /** Compares what is left, looks for what is too much, and closes the index. */
  close(): void {
    this.#compare();
    const tile = this.#told ? undefined : readable(() => firstBeside(this.#index));
    if (tile !== undefined) this.#tell(tile || 0);
    this.#index.close();
  }

  #compare(): void {
    const made = this.#made;
    this.#made = undefined;
    if (made === undefined || this.#told) return;
    const built = this.#writer.finish();
    const tile = readable(() => firstDifferent(readPart(this.#index, made.first, made.next), built, made));
    // One that cannot be read there says nothing of any of them.
    if (tile !== undefined) this.#tell(tile === false ? made.first : tile);
  }

  #tell(tile: number): void {
    this.#told = true;
    const entries = `entries ${tile * tileWidth} to ${(tile + 1) * tileWidth - 1}`;
    this.#findings.fail(
      'index.differs',
      tile * tileWidth,
      `${indexName} does not have ${entries} as the log does: ${remedy}`,
    );
  }
}

/** False where the file is damaged so that it cannot be read. */
function readable<T>(read: () => T): T | false {
  try {
    return readingIndex(read);
  } catch (thrown) {
    if (asPortreeveError(thrown).code === 'PDP_STORE_UNAVAILABLE') return false;
    throw thrown;
  }
}

function tileBytes({ bytes, places }: Bundle): TileBytes {
  const [from, to] = [new Int32Array(tileWidth), new Int32Array(tileWidth)];
  for (let place = 0; place < tileWidth; place += 1) {
    from[place] = places[2 * place] as number;
    to[place] = places[2 * place + 1] as number;
  }
  return { bytes, from, to };
}
