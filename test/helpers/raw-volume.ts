import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needing } from './skip.ts';

interface Test {
  teardown(step: () => unknown): void;
}

/** A volume of its own that can run full and become read-only. */
export interface Volume {
  readonly folder: string;
  /** Leaves no byte free. */
  fill(): void;
  /** Gives back what `fill` took. */
  empty(): void;
}

/** Whether this process may mount what these arguments say; tried once, in a folder of its own. */
function mayMount(...args: readonly string[]): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-mount-'));
  const source = args.includes('--bind') ? folder : 'tmpfs';
  const mounted = spawnSync('mount', [...args, source, folder]).status === 0;
  if (mounted) execFileSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true, force: true });
  return mounted;
}

const lack = 'this process may not mount a volume';

/** `test` for what needs a `smallVolume`. */
export const withVolume = needing(mayMount('-t', 'tmpfs') ? undefined : lack, { evenInCi: true });

/** `test` for what writes to a device that never has room. */
export const withFullDevice = needing(existsSync('/dev/full') ? undefined : 'no /dev/full here');

/** Permissions do not stop root, hence a mount. */
const isRoot = process.getuid?.() === 0;

/** `test` for what needs `makeReadOnly`. */
export const withReadOnly = needing(!isRoot || mayMount('--bind') ? undefined : lack, { evenInCi: true });

/** A real small volume. */
export function smallVolume(t: Test, size: string): Volume {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-volume-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  t.teardown(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  const ballast = join(folder, 'ballast');
  return {
    folder,
    // Writes until it fails, which is the point.
    fill: () => void spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=1024']),
    empty: () => rmSync(ballast),
  };
}

/** Whether this process may put a file system into a file and mount that. */
function mayFreeze(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-mount-'));
  try {
    const { freeze, thaw, remove } = frozenAtWill(folder);
    freeze();
    thaw();
    remove();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function frozenAtWill(folder: string): {
  readonly path: string;
  readonly freeze: () => void;
  readonly thaw: () => void;
  readonly remove: () => void;
} {
  const [image, path] = [join(folder, 'image'), join(folder, 'volume')];
  const run = (command: string, ...args: readonly string[]): void =>
    void execFileSync(command, args, { stdio: 'ignore' });
  run('truncate', '-s', '16M', image);
  run('mkfs.ext4', '-q', image);
  run('mkdir', path);
  run('mount', '-o', 'loop', image, path);
  return {
    path,
    freeze: () => run('fsfreeze', '-f', path),
    thaw: () => void spawnSync('fsfreeze', ['-u', path]),
    remove: () => run('umount', '-l', path),
  };
}

/** `test` for what needs a `standingVolume`. */
export const withStandingVolume = needing(
  mayFreeze() ? undefined : 'this process may not mount a file and freeze it',
  { evenInCi: true },
);

/** A real volume that can be made to stand still: whoever writes to it then waits, as at a share whose server is gone. */
export function standingVolume(t: Test): {
  readonly folder: string;
  stand(): void;
  goOn(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-volume-'));
  const { path, freeze, thaw, remove } = frozenAtWill(folder);
  t.teardown(() => {
    thaw();
    remove();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder: path, stand: freeze, goOn: thaw };
}

/** Makes a folder read-only for whoever opens its files from now on; answers how to undo it. */
export function makeReadOnly(t: Test, folder: string): () => void {
  if (!isRoot) {
    execFileSync('chmod', ['-R', 'a-w', folder]);
    return undoing(t, () => void execFileSync('chmod', ['-R', 'u+w', folder]));
  }
  execFileSync('mount', ['--bind', folder, folder]);
  execFileSync('mount', ['-o', 'remount,bind,ro', folder]);
  return undoing(t, () => void execFileSync('umount', ['-l', folder]));
}

function undoing(t: Test, undo: () => void): () => void {
  let done = false;
  const once = (): void => {
    if (done) return;
    done = true;
    undo();
  };
  t.teardown(once);
  return once;
}
