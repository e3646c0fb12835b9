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
