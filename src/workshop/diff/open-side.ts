import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sha256Hex } from '../../lib/bytes.ts';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import { parseBundle, readBundleFile } from '../../policy/bundle.ts';
import { buildBundle } from '../build/build-bundle.ts';
import type { Opa } from '../opa/find.ts';
import { openProject, projectFileName } from '../project/open.ts';
import { extractFolder, readPlace } from './git.ts';
import type { GitPlace } from './git.ts';

/** One of the two policies, as bytes that would ship. */
export interface Side {
  /** As it was named. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly revision: string;
}

export interface OpenSideOptions {
  /** Where relative paths start, and whose repository revisions are of. */
  readonly folder: string;
  /** The folder that `git:REV` alone means; `folder` where it is undefined. */
  readonly likewise?: string | undefined;
  /** The policy compiler; asked for only where there is something to compile. */
  readonly opa: () => Opa;
}

/** The name of the bundle that ships with the program. */
export const defaultName = 'default';

/**
 * Opens what a policy is named by: a bundle file, a folder with a policy project, `git:REV` (the same folder in that
 * revision) or `git:REV:PATH` (a project's folder or a bundle file, from the repository's root), or `default`. Throws
 * PDP_BUNDLE_INVALID, PDP_PROJECT_INVALID, PDP_POLICY_INVALID, PDP_OPA_UNAVAILABLE or PDP_INPUT_MALFORMED, naming it.
 */
export function openSide(name: string, options: OpenSideOptions): Side {
  const path = resolve(options.folder, name);
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) return sideOf(name, readBundleFile(path));
    return sideOf(name, buildBundle(options.opa(), openProject(path)));
  }
  if (name === defaultName) return sideOf(name, readBundleFile(null));
  const place = gitPlace(name);
  if (place) return naming(name, () => fromGit(name, place, options));
  throw new PortreeveError(
    'PDP_INPUT_MALFORMED',
    `${name}: neither a bundle file nor a folder with a policy project is there; a revision is git:REV or git:REV:PATH`,
  );
}

/** A revision does not begin with what git would take for an option. */
function gitPlace(name: string): GitPlace | undefined {
  const match = /^git:([^:-][^:]*)(?::(.*))?$/s.exec(name);
  return match ? { revision: match[1] as string, path: match[2] ?? './' } : undefined;
}

function fromGit(name: string, place: GitPlace, { folder, likewise, opa }: OpenSideOptions): Side {
  const from = place.path === './' ? (likewise ?? folder) : folder;
  const bytes = readPlace(place, from);
  if (bytes !== 'folder') return sideOf(name, bytes);
  const to = mkdtempSync(join(tmpdir(), 'portreeve-revision-'));
  try {
    extractFolder(place, from, to);
    if (!existsSync(join(to, projectFileName))) {
      throw new PortreeveError('PDP_PROJECT_INVALID', `${name}: no ${projectFileName} is in that revision`);
    }
    return sideOf(name, buildBundle(opa(), openProject(to)));
  } finally {
    rmSync(to, { recursive: true, force: true });
  }
}

function sideOf(name: string, bytes: Uint8Array): Side {
  const { revision } = naming(name, () => parseBundle(bytes));
  return { name, bytes, digest: sha256Hex(bytes), revision };
}

function naming<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown);
    throw new PortreeveError(code, message.startsWith(name) ? message : `${name}: ${message}`, {
      cause: thrown,
    });
  }
}
