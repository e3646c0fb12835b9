/**
 * An environment in which look-ups of names without dots never come back: glibc reads aliases of hosts from a file, which
 * is a pipe here that nobody writes into.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdtempSync, openSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface HangingResolver {
  readonly env: Readonly<Record<string, string>>;
  /** From now on look-ups hang; before, they are as ever. */
  hang(): void;
  /** Whether one does by now; it goes on doing so. */
  hangs(): boolean;
  /** Lets those that hang go, and no further one hangs. */
  close(): void;
}

export function makeHangingResolver(): HangingResolver {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-resolver-'));
  const pipe = join(folder, 'pipe');
  const gone = join(folder, 'gone');
  let writer: number | undefined;
  /** Undefined where nobody reads, or waits to. */
  const openFor = (path: string): number | undefined => {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (thrown) {
      if ((thrown as { code?: unknown }).code === 'ENXIO') return undefined;
      throw thrown;
    }
  };
  return {
    env: { HOSTALIASES: pipe },
    hang: () => void execFileSync('mkfifo', [pipe], { stdio: 'ignore' }),
    hangs: () => {
      // Who reads waits for as long as it is open.
      writer ??= openFor(pipe);
      return writer !== undefined;
    },
    close: () => {
      if (writer !== undefined) closeSync(writer);
      writer = undefined;
      if (existsSync(pipe)) {
        // Nobody else comes to it then; those who waited for it to be opened read its end.
        renameSync(pipe, gone);
        for (let last = openFor(gone); last !== undefined; last = openFor(gone)) closeSync(last);
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What lacks for that, if anything: another C library, or one that asks somebody else first. */
export function lackOfHangingResolver(): string | undefined {
  const resolver = makeHangingResolver();
  try {
    resolver.hang();
  } catch {
    resolver.close();
    return 'needs mkfifo';
  }
  const look = "require('node:dns').lookup('portreeve-nowhere', () => process.exit(0))";
  const { signal } = spawnSync(process.execPath, ['-e', look], {
    env: { ...process.env, ...resolver.env },
    timeout: 2000,
    killSignal: 'SIGKILL',
  });
  resolver.close();
  return signal === 'SIGKILL' ? undefined : 'needs a C library whose resolver reads HOSTALIASES first';
}
