import { createHash, randomBytes } from 'node:crypto';
import { open, readdir, rename, stat } from 'node:fs/promises';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../lib/bytes.ts';
import { describeThrown, PortreeveError } from '../lib/errors.ts';

/**
 * Keeps the bytes that a digest in `versions` names (a bundle, a configuration, the catalogue), for replay. Written
 * beside and renamed, so that a reader or a kill never meets half a file; kept bytes are never written again.
 * Throws PDP_INTERNAL where the digest is not that of the bytes, PDP_AUDIT_UNAVAILABLE where they cannot be written.
 */
export function keep(dir: string, digest: string, bytes: Uint8Array | string): void {
  const path = pathOf(dir, digest);
  if (sha256Hex(bytes) !== digest) {
    throw new PortreeveError('PDP_INTERNAL', `what was to be kept as ${digest} has another digest`);
  }
  if (existsSync(path)) return;
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    mkdirSync(dir, { recursive: true });
    writeFileSync(temporary, bytes, { mode: 0o640, flush: true });
    renameSync(temporary, path);
  } catch (cause) {
    removeQuietly(temporary);
    throw unavailable(path, describeThrown(cause), cause);
  }
}

/**
 * As `keep`, for bytes that may be many (a CRL), at hand or in pieces, which are not asked for where they are kept
 * already: nothing else in the process waits for the volume. Throws PDP_INTERNAL where the digest is not that of the
 * bytes, PDP_AUDIT_UNAVAILABLE where they cannot be written, and whatever the source throws.
 */
export async function keepLarge(
  dir: string,
  digest: string,
  bytes: Uint8Array | (() => AsyncIterable<Uint8Array>),
): Promise<void> {
  const path = pathOf(dir, digest);
  if (existsSync(path)) return;
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    mkdirSync(dir, { recursive: true });
    const file = await open(temporary, 'wx', 0o640);
    const hash = createHash('sha256');
    try {
      for await (const piece of typeof bytes === 'function' ? bytes() : [bytes]) {
        hash.update(piece);
        await file.writeFile(piece);
      }
      if (hash.digest('hex') !== digest) {
        throw new PortreeveError('PDP_INTERNAL', `what was to be kept as ${digest} has another digest`);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    removeQuietly(temporary);
    if (cause instanceof PortreeveError) throw cause;
    throw unavailable(path, describeThrown(cause), cause);
  }
}

/** What went wrong before is what is told; a file that is left behind has a name that nobody reads. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    return;
  }
}

/**
 * The bytes that a digest names; undefined where they were never kept. Throws PDP_AUDIT_UNAVAILABLE where they
 * cannot be read or have changed since, PDP_INPUT_MALFORMED for what is not a digest (records are untrusted).
 */
export function kept(dir: string, digest: string): Uint8Array | undefined {
  const path = pathOf(dir, digest);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unavailable(path, describeThrown(cause), cause);
  }
  if (sha256Hex(bytes) !== digest) throw unavailable(path, 'the file is damaged: its digest is not its name');
  return bytes;
}

/** The bytes that a digest names, from the first of several folders that has them. Throws as `kept`. */
export function keptInAny(dirs: readonly string[], digest: string): Uint8Array | undefined {
  for (const dir of dirs) {
    const bytes = kept(dir, digest);
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

/**
 * How much is kept: nothing is ever removed, because records of any age may name it. Null where it cannot be read. Many
 * files take their time, in which others go on.
 */
export async function measureKept(dir: string): Promise<Kept | null> {
  let [files, bytes] = [0, 0];
  try {
    for (const name of await readdir(dir)) {
      const size = await stat(join(dir, name)).then(
        ({ size }) => size,
        () => undefined,
      );
      if (size === undefined) continue;
      files += 1;
      bytes += size;
    }
    return { files, bytes };
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'ENOENT' ? { files: 0, bytes: 0 } : null;
  }
}

export interface Kept {
  readonly files: number;
  readonly bytes: number;
}

function pathOf(dir: string, digest: string): string {
  if (!/^[0-9a-f]{64}$/.test(digest)) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', 'not a SHA-256 digest in lower-case hex');
  }
  return join(dir, digest);
}

function unavailable(path: string, problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_AUDIT_UNAVAILABLE', `kept file ${path}: ${problem}`, { cause });
}
