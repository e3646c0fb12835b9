import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes } from '../../lib/bytes.ts';
import type { SideFile } from '../../store/side-file.ts';
import { coveredBy, isIndexOf, openIndexFile } from '../index/index-file.ts';
import type { Covered } from '../index/index-file.ts';
import { indexName } from '../index/schema.ts';
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
    const ends = Buffer.alloc(count * 4);
    for (let place = 0; place < count; place += 1)
      ends.writeUInt32LE(places[2 * place + 1] as number, place * 4);
    const found = this.#index.get('SELECT ends FROM bundles WHERE tile = ?', tile)?.['ends'];
    const rows = this.#index.get(
      'SELECT count(DISTINCT idx) AS count FROM rows WHERE idx >= ? AND idx < ?',
      first,
      first + tileWidth,
    )?.['count'];
    if (found instanceof Uint8Array && equalBytes(found, ends) && rows === tileWidth) return;
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
