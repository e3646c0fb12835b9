import type { CrlProgress } from '../../revocation/stream/import-crl-stream.ts';
import type { Session } from '../session.ts';

const verbs = { check: 'checking', keep: 'keeping', stage: 'importing' } as const;
/** Milliseconds between two lines: a terminal shows no more. */
const everyMs = 100;

/** Progress of imports for people who watch: entries, bytes, per cent; nothing in a pipe. */
export function importProgress(session: Session): {
  readonly of: (path: string) => (progress: CrlProgress, size: number) => void;
  readonly end: () => void;
} {
  const line = session.progress();
  const { clock } = session.around;
  let shownAt = -Infinity;
  return {
    of: (path) => {
      line.show(path);
      return (progress, size) => {
        const at = clock.monotonic();
        if (at - shownAt < everyMs) return;
        shownAt = at;
        line.show(progressText(path, progress, size));
      };
    },
    end: line.end,
  };
}

/** One line: `meters.crl: importing 350,000 entries, 14.0 of 40.1 MB, 35 %`. `size` is that of the file. */
export function progressText(
  path: string,
  { phase, bytes, totalBytes, entries }: CrlProgress,
  size: number,
): string {
  const total = totalBytes ?? Math.max(size, bytes);
  const share = total === 0 ? 0 : Math.floor((bytes / total) * 100);
  const count = phase === 'stage' ? ` ${entries.toLocaleString('en-US')} entries,` : '';
  return `${path}: ${verbs[phase]}${count} ${megabytes(bytes)} of ${megabytes(total)} MB, ${share} %`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
