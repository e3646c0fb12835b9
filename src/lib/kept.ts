/** How a memory that is bounded stands: for metrics. Counts are since it was made. */
export interface KeptStats {
  /** What is kept in it: a value of a metric's label. */
  readonly name: string;
  readonly entries: number;
  /** Most entries that it may have. */
  readonly bound: number;
  /** What the entries take by its own reckoning, and the most that they may; absent where their number alone is bounded. */
  readonly bytes?: { readonly held: number; readonly bound: number };
  readonly hits: number;
  readonly misses: number;
  /** Entries that made room for others, or that something has overtaken. */
  readonly evictions: number;
}
