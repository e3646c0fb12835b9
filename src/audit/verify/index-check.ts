import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SideFile } from '../../store/side-file.ts';
import { coveredBy, isIndexOf, openIndexFile } from '../index/index-file.ts';
import type { Covered } from '../index/index-file.ts';
import { indexName } from '../index/schema.ts';
import { endsOf, recordsIn } from '../index/tile-columns.ts';
import { hasRun } from '../index/write-tiles.ts';
import type { TreeLog } from '../sources/types.ts';
import { tileWidth } from '../tlog/tile-path.ts';
import type { Bundle } from './bundle.ts';
import type { Findings } from './findings.ts';

const remedy = '`audit reindex` makes it anew from the log';

/**
 * Holds the index beside a log against the log: that it was made from this one, where each entry ends, and that it leaves
 * no record out. What it says of a record's members is not compared: whoever searches reads the record from the log.
 */
export class IndexCheck {
  readonly #index: SideFile;
  readonly #covered: Covered;
  readonly #findings: Findings;
  #told = false;

  private constructor(index: SideFile, findings: Findings) {
    this.#index = index;
    this.#covered = coveredBy(index);
    this.#findings = findings;
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
    if (await isIndexOf(index, tree)) return new IndexCheck(index, findings);
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

  /** Takes a bundle of the log; only whole ones are indexed. */
  take(first: number, { count, places }: Bundle): void {
    const tile = first / tileWidth;
    const { first: from, next } = this.#covered;
    if (this.#told || count !== tileWidth || tile < from || tile >= next) return;
    const ends = endsOf(this.#index, tile);
    const hasEnds = ends?.length === count && ends.every((end, place) => end === places[2 * place + 1]);
    const hasRecords = recordsIn(this.#index, tile) === tileWidth && hasRun(this.#index, tile);
    if (hasEnds && hasRecords) return;
    this.#told = true;
    const entries = `entries ${first} to ${first + tileWidth - 1}`;
    this.#findings.fail(
      'index.differs',
      first,
      `${indexName} does not have ${entries} as the log does: ${remedy}`,
    );
  }

  close(): void {
    this.#index.close();
  }
}
