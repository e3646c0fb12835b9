/** Batches of records that have left or are about to, and whether answers may go ahead of them. */
export interface RecordLag {
  /** A batch begins; what it answers is called with whether it stands in the log. */
  begins(): (kept: boolean) => void;
  /** Whether an answer may leave before its record is known to stand in the log. */
  mayGoAhead(): boolean;
  /** Whether answers wait, and a batch has for so long that whoever writes them does not keep up. */
  isLate(): boolean;
}

/** Whoever writes at all acknowledges a batch sooner, however little time answers may be ahead (ms). */
const lateMs = 20;

/**
 * Lets answers go ahead of their records for as long as these keep up: the last batch whose fate is known stands in the
 * log, and none has waited for longer than `mostMs()`, so that records of no longer than that are lost with this process or
 * with the one that writes them. `monotonic` is in milliseconds. With a most of zero no answer goes ahead.
 */
export function createRecordLag(mostMs: () => number, monotonic: () => number): RecordLag {
  const begun = new Set<{ readonly at: number }>();
  let oldest: { readonly at: number } | undefined;
  let kept = false;
  const hasWaited = (ms: number): boolean => oldest !== undefined && monotonic() - oldest.at >= ms;
  const mayGoAhead = (): boolean => kept && !hasWaited(mostMs());
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
    mayGoAhead,
    isLate: () => !mayGoAhead() && hasWaited(lateMs),
  };
}
