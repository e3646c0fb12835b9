import type { Fingerprint } from './fingerprint.ts';

/** What is being written in place, and since when (monotonic ms) it has looked as it does. */
export interface StillWritten {
  /**
   * Whether a file that changed from `before` to `found` may be only half written: it is the same file, and has not stood
   * still for long enough. One that another file replaces, by rename or by a swap of links, is whole at once.
   */
  isHalf(path: string, before: Fingerprint, found: Fingerprint, now: number): boolean;
  /** The file is gone, or nobody's business any more. */
  forget(path: string): void;
  /** Whether any file waits to stand still. */
  waits(): boolean;
}

/** `quietMs`: how long a file must stand still; 0 takes everything as it is found. */
export function watchStillWritten(quietMs: number): StillWritten {
  const since = new Map<
    string,
    { readonly identity: string; readonly digest: string; readonly at: number }
  >();
  return {
    isHalf: (path, before, found, now) => {
      const written = before.digest !== found.digest && before.file === found.file;
      const seen = since.get(path);
      if (!written || quietMs === 0) {
        since.delete(path);
        return false;
      }
      if (seen?.identity !== found.identity || seen.digest !== found.digest) {
        since.set(path, { identity: found.identity, digest: found.digest, at: now });
        return true;
      }
      if (now - seen.at < quietMs) return true;
      since.delete(path);
      return false;
    },
    forget: (path) => void since.delete(path),
    waits: () => since.size > 0,
  };
}
