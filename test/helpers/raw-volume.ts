import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

/** A real small volume; undefined where this process may not mount one. */
export function smallVolume(t: Test, size: string): Volume | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-volume-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).status === 0;
  t.teardown(() => {
    if (mounted) execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  if (!mounted) return undefined;
  const ballast = join(folder, 'ballast');
  return {
    folder,
    // Writes until it fails, which is the point.
    fill: () => void spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=1024']),
    empty: () => rmSync(ballast),
  };
}

/**
 * Makes a folder read-only for whoever opens its files from now on; answers how to undo it, or undefined where that
 * is not possible. Permissions do not stop root, hence the mount.
 */
export function makeReadOnly(t: Test, folder: string): (() => void) | undefined {
  if (process.getuid?.() !== 0) {
    execFileSync('chmod', ['-R', 'a-w', folder]);
    return undoing(t, () => void execFileSync('chmod', ['-R', 'u+w', folder]));
  }
  if (spawnSync('mount', ['--bind', folder, folder]).status !== 0) return undefined;
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
