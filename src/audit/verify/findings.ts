/** What verification says of a log, in a closed list; the same in every verifier. */
export type FindingCode =
  | 'checkpoint.missing'
  | 'checkpoint.malformed'
  | 'key.wrong'
  | 'key.unknown'
  | 'key.succession'
  | 'key.list'
  | 'entry.changed'
  | 'entry.removed'
  | 'entry.added'
  | 'entry.reordered'
  | 'entry.torn'
  | 'entry.missing'
  | 'entry.unreadable'
  | 'entry.form'
  | 'tile.missing'
  | 'tile.malformed'
  | 'tile.changed'
  | 'root.differs'
  | 'history.forked'
  | 'history.truncated'
  | 'history.missing'
  | 'history.uncompared'
  | 'time.order'
  | 'time.silence'
  | 'log.gap'
  | 'log.pruned'
  | 'log.unread'
  | 'keys.own'
  | 'index.differs'
  | 'export.differs'
  | 'outsider'
  | 'fleet.missing'
  | 'fleet.silent'
  | 'fleet.twice'
  | 'fleet.unlisted';

/** One thing that is wrong, or that must be said. */
export interface Finding {
  readonly code: FindingCode;
  /** First entry that it is about; null where it is about none. */
  readonly entry: number | null;
  readonly message: string;
}

/** What is told at most; what comes beyond is counted. */
const mostTold = 100;

/** Collects what is wrong and what must be said, in the order in which it is found. */
export class Findings {
  readonly wrong: Finding[] = [];
  readonly remarks: Finding[] = [];
  /** Further ones that were not kept. */
  untold = 0;

  /** How many things are wrong or must be said. */
  get count(): number {
    return this.wrong.length + this.remarks.length + this.untold;
  }

  /** The log is not what was signed, or not all of it. */
  fail(code: FindingCode, entry: number | null, message: string): void {
    this.#add(this.wrong, { code, entry, message });
  }

  /** Nothing wrong by itself, and the reader must know. */
  remark(code: FindingCode, entry: number | null, message: string): void {
    this.#add(this.remarks, { code, entry, message });
  }

  #add(to: Finding[], finding: Finding): void {
    if (to.length < mostTold) to.push(finding);
    else this.untold += 1;
  }
}

/** `entry 7` or `entries 7 to 9`, both included. */
export function entriesText(first: number, last: number): string {
  return first === last ? `entry ${first}` : `entries ${first} to ${last}`;
}
