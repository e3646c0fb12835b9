import type { Session } from '../session.ts';

/** Milliseconds between two lines: a terminal shows no more. */
const everyMs = 100;

/** Progress in bytes for people who watch; nothing in a pipe. */
export function byteProgress(session: Session): {
  readonly say: (what: string) => void;
  /** Counts bytes of so many. */
  readonly counting: (what: string, total: number) => (bytes: number) => void;
  readonly end: () => void;
} {
  const line = session.progress();
  const { clock } = session.around;
  return {
    say: line.show,
    counting: (what, total) => {
      let [done, shownAt] = [0, -Infinity];
      return (bytes) => {
        done += bytes;
        const at = clock.monotonic();
        if (at - shownAt < everyMs) return;
        shownAt = at;
        line.show(`${what} ${megabytes(done)} of ${megabytes(total)} MB`);
      };
    },
    end: line.end,
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
