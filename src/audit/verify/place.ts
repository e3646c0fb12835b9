import { existsSync, readdirSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PortreeveError } from '../../lib/errors.ts';
import { withPathEnding } from '../../lib/http-url.ts';
import { parseStrictJson } from '../../lib/strict-json.ts';
import { folderFiles } from '../log/folder-files.ts';
import { listName } from '../log/types.ts';
import { archiveRoot } from '../sources/archive-root.ts';
import { archiveBytes, archiveFile, openZip } from '../sources/zip-files.ts';
import type { ZipFiles } from '../sources/zip-files.ts';
import type { FetchFile } from '../sources/types.ts';
import { checkpointPath } from '../tlog/log-files.ts';
import type { LogFiles } from '../tlog/log-files.ts';

/** Where a log lies that is to be verified: whatever is wrong with it, its files can be asked for. */
export interface LogPlace extends LogFiles {
  /** As it was named. */
  readonly location: string;
  /** Names of the files in a folder of the log; undefined where that cannot be known, as of a web server without a list. */
  list(folder: string): Promise<readonly string[] | undefined>;
  /** The folder on this machine; undefined for an address or an archive. */
  readonly folder?: string;
}

/**
 * Opens a folder, an export (`.zip`) or the address of static files. Throws PDP_NOT_FOUND where there is nothing,
 * PDP_INPUT_MALFORMED for an archive that is none and for a file of lines, which nothing vouches for, and what `fetch`
 * throws.
 */
export async function openPlace(
  location: string,
  { fetch, folder: from }: { readonly fetch?: FetchFile; readonly folder: string },
): Promise<LogPlace> {
  if (/^https?:\/\//i.test(location)) return addressPlace(location, fetch);
  const path = resolve(from, location);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new PortreeveError('PDP_NOT_FOUND', `there is no log ${location}`);
  if (found.isDirectory()) return folderPlace(location, path);
  if (path.endsWith('.zip'))
    return zipPlace(location, await openZip(location, archiveFile(path, found.size)));
  throw new PortreeveError(
    'PDP_INPUT_MALFORMED',
    `${location} is a file of lines: nothing is signed in it, so that there is nothing to verify`,
  );
}

/** The log in a folder of this machine. */
export function folderPlace(location: string, folder: string): LogPlace {
  const files = folderFiles(folder);
  return {
    location,
    folder,
    read: (path) => files.read(path).catch(absentIfFolder),
    list: (inside) => readdir(join(folder, inside)).catch(() => []),
  };
}

/** A folder in the place of a file: the file is not there. */
function absentIfFolder(thrown: unknown): undefined {
  if (((thrown as Error).cause as NodeJS.ErrnoException | undefined)?.code !== 'EISDIR') throw thrown;
}

function zipPlace(location: string, zip: ZipFiles): LogPlace {
  const root = archiveRoot(zip.names);
  return {
    location,
    read: (path) => zip.read(`${root}${path}`),
    list: (inside) => {
      const start = `${root}${inside}/`;
      const below = zip.names
        .filter((name) => name.startsWith(start))
        .map((name) => name.slice(start.length));
      return Promise.resolve(below.filter((name) => name !== '' && !name.includes('/')));
    },
  };
}

async function addressPlace(location: string, fetch: FetchFile | undefined): Promise<LogPlace> {
  if (!fetch) throw new PortreeveError('PDP_USAGE', `${location}: addresses are not read here`);
  if (new URL(location).pathname.endsWith('.zip')) {
    const bytes = await fetch(location);
    if (bytes === undefined) throw new PortreeveError('PDP_NOT_FOUND', `there is nothing at ${location}`);
    return zipPlace(location, await openZip(location, archiveBytes(bytes)));
  }
  const base = withPathEnding(location, location.endsWith('/') ? '' : '/');
  return {
    location,
    read: (path) => fetch(withPathEnding(base, path)),
    list: async (inside) => {
      const path = `${inside}/${listName}`;
      const bytes = await fetch(withPathEnding(base, path));
      if (bytes === undefined) return undefined;
      const names = namesIn(bytes);
      if (names) return [...names, listName];
      throw new PortreeveError('PDP_INPUT_MALFORMED', `${location}: ${path} is no list of files`);
    },
  };
}

/** One name each day or hour, for decades. */
const listLimits = { depth: 3, values: 100_000 };

/** What a list of files names; undefined for what is no list. A name that could lead elsewhere is none. */
export function namesIn(bytes: Uint8Array): readonly string[] | undefined {
  const names = filesIn(bytes);
  if (!Array.isArray(names)) return undefined;
  return names.every((name) => typeof name === 'string' && /^\w[\w.-]*$/.test(name))
    ? (names as string[])
    : undefined;
}

function filesIn(bytes: Uint8Array): unknown {
  try {
    const list = parseStrictJson(Buffer.from(bytes).toString('utf8'), listLimits);
    return (list as { readonly files?: unknown } | null)?.files;
  } catch {
    return undefined;
  }
}

/** The logs that lie in a folder: itself, or those in the folders right below it. */
export function logsBelow(folder: string): readonly string[] {
  if (existsSync(join(folder, checkpointPath))) return [folder];
  return readdirSync(folder, { withFileTypes: true })
    .map(({ name }) => join(folder, name))
    .filter((path) => existsSync(join(path, checkpointPath)))
    .sort();
}
