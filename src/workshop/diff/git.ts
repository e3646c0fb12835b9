import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PortreeveError } from '../../lib/errors.ts';

/** Bytes of what is taken from a revision. */
const mostBytes = 256 * 1024 * 1024;

/** A place in a revision: `REV:PATH`, the path as git has it, from the repository's root unless it begins with `./`. */
export interface GitPlace {
  readonly revision: string;
  readonly path: string;
}

/** What a revision has at a place: a file's bytes, or that it is a folder. Throws PDP_INPUT_MALFORMED with git's words. */
export function readPlace(place: GitPlace, folder: string): Uint8Array | 'folder' {
  const name = nameOf(place);
  const type = git(['cat-file', '-t', '--end-of-options', name], folder).toString().trim();
  // A revision alone names a commit or a tag: the folder that is its root.
  return type === 'blob' ? git(['cat-file', 'blob', '--end-of-options', name], folder) : 'folder';
}

/**
 * Writes the plain files of a folder in a revision below `to`, without touching the work tree. Links and submodules are
 * refused, because what they lead to is not of the revision. Throws PDP_INPUT_MALFORMED with git's words.
 */
export function extractFolder(place: GitPlace, folder: string, to: string): void {
  const name = nameOf(place);
  const listed = git(
    ['ls-tree', '-r', '-z', '--full-tree', '--end-of-options', treeOf(name, folder)],
    folder,
  );
  for (const entry of listed
    .toString()
    .split('\0')
    .filter((one) => one !== '')) {
    // A name may hold tabs itself.
    const tab = entry.indexOf('\t');
    const path = entry.slice(tab + 1);
    const [mode, type, object] = entry.slice(0, tab).split(' ') as [string, string, string];
    if (type !== 'blob' || mode === '120000') {
      throw new PortreeveError('PDP_INPUT_MALFORMED', `${name}: ${path} is no plain file`);
    }
    const file = join(to, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, git(['cat-file', 'blob', object], folder));
  }
}

/** The object of the folder, so that names in it are relative to it. */
function treeOf(name: string, folder: string): string {
  return git(['rev-parse', '--verify', '--end-of-options', name], folder).toString().trim();
}

function nameOf({ revision, path }: GitPlace): string {
  return `${revision}:${path}`;
}

function git(args: readonly string[], folder: string): Buffer {
  const ran = spawnSync('git', ['-C', folder, ...args], {
    maxBuffer: mostBytes,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (ran.status === 0) return ran.stdout;
  const why = ran.error ? `git cannot be run: ${ran.error.message}` : ran.stderr.toString().trim();
  throw new PortreeveError('PDP_INPUT_MALFORMED', why === '' ? `git ${args.join(' ')} failed` : why, {
    cause: ran.error,
  });
}
