import type { Fingerprint } from './fingerprint.ts';

/**
 * What is being written in place, or removed to be written again, and since when (monotonic ms) it has looked as it does.
 */
export interface StillWritten {
  /**
   * Whether a file that changed from `before` to `found` may be only half written: it is the same file, and has not stood
   * still for long enough; so may one be that was away for a while. One that another file replaces, by rename or by a
   * swap of links, is whole at once.
   */
  isHalf(path: string, before: Fingerprint, found: Fingerprint, now: number): boolean;
  /** Whether a file that is not there is gone, and not only about to come back: it has been away for long enough. */
  isGone(path: string, now: number): boolean;
  /** The file is gone, or nobody's business any more. */
  forget(path: string): void;
  /** Whether any file waits to stand still, or to come back. */
  waits(): boolean;
}

/** `quietMs`: how long a file must stand still, or be away; 0 takes everything as it is found. */
export function watchStillWritten(quietMs: number): StillWritten {
  const since = new Map<
    string,
    { readonly identity: string; readonly digest: string; readonly at: number }
  >();
  const away = new Map<string, number>();
  const returned = new Set<string>();
  return {
    isHalf: (path, before, found, now) => {
      if (away.delete(path)) returned.add(path);
      const written = before.digest !== found.digest && (before.file === found.file || returned.has(path));
      const seen = since.get(path);
      if (!written || quietMs === 0) {
        since.delete(path);
        returned.delete(path);
        return false;
      }
      if (seen?.identity !== found.identity || seen.digest !== found.digest) {
        since.set(path, { identity: found.identity, digest: found.digest, at: now });
        return true;
      }
      if (now - seen.at < quietMs) return true;
      since.delete(path);
      returned.delete(path);
      return false;
    },
    isGone: (path, now) => {
      since.delete(path);
      returned.delete(path);
      const at = away.get(path) ?? now;
      away.set(path, at);
      return now - at >= quietMs;
    },
    forget: (path) => {
      since.delete(path);
      returned.delete(path);
      away.delete(path);
    },
    waits: () => since.size > 0 || away.size > 0,
  };
}
