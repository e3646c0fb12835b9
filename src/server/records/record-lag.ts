/** Batches of records that have left or are about to, and whether answers may go ahead of them. */
export interface RecordLag {
  /** A batch begins; what it answers is called with whether it stands in the log. */
  begins(): (kept: boolean) => void;
  /** Whether an answer may leave before its record is known to stand in the log. */
  mayGoAhead(): boolean;
  /** For how long the oldest batch has waited whose fate is not known (ms); 0 where there is none. */
  waitedMs(): number;
}

/**
 * Lets answers go ahead of their records for as long as these keep up: the last batch whose fate is known stands in the
 * log, and none has waited for longer than `mostMs()`, so that records of no longer than that are lost with this process or
 * with the one that writes them. `monotonic` is in milliseconds. With a most of zero no answer goes ahead.
 */
export function createRecordLag(mostMs: () => number, monotonic: () => number): RecordLag {
  const begun = new Set<{ readonly at: number }>();
  let oldest: { readonly at: number } | undefined;
  let kept = false;
  return {
    begins: () => {
      const batch = { at: monotonic() };
      begun.add(batch);
      oldest ??= batch;
      return (isKept) => {
        kept = isKept;
        begun.delete(batch);
        // A set keeps the order in which its members came.
        [oldest] = begun;
      };
    },
    mayGoAhead: () => kept && (oldest === undefined || monotonic() - oldest.at < mostMs()),
    waitedMs: () => (oldest === undefined ? 0 : monotonic() - oldest.at),
  };
}
