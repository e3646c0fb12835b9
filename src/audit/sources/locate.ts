import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PortreeveError } from '../../lib/errors.ts';
import { withPathEnding } from '../../lib/http-url.ts';
import { folderFiles } from '../log/folder-files.ts';
import { logFiles } from '../read-log.ts';
import { checkpointPath } from '../tlog/log-files.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { archiveRoot } from './archive-root.ts';
import { lineBytes } from './line-bytes.ts';
import { lineFile } from './line-file.ts';
import { openTree } from './tree-log.ts';
import { treeFile } from './tree-file.ts';
import type { FetchFile, RecordFile, RecordLog } from './types.ts';
import { archiveBytes, archiveFile, openZip } from './zip-files.ts';
import type { ZipFiles } from './zip-files.ts';

export interface OpenOptions {
  /** How addresses are read; without it they are refused. */
  readonly fetch?: FetchFile;
  /** What relative paths are relative to. */
  readonly folder: string;
}

/**
 * Opens one location: the folder of a log, an export (`.zip`, or its folder), the HTTP address of a log's static files or
 * of a file, or a file of lines with what was rotated away beside it. Throws PDP_INPUT_MALFORMED for what is none of them,
 * and what fetching throws.
 */
export async function openLocation(location: string, options: OpenOptions): Promise<RecordLog> {
  if (/^https?:\/\//i.test(location)) return openAddress(location, options.fetch);
  const path = resolve(options.folder, location);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return openFolder(location, path);
  if (found && path.endsWith('.zip'))
    return openArchive(location, await openZip(path, archiveFile(path, found.size)));
  const keptFolder = join(dirname(path), 'kept');
  return {
    origin: location,
    files: logFiles([path]).map(lineFile),
    ...(existsSync(keptFolder) && { keptFolder }),
  };
}

async function openFolder(origin: string, folder: string): Promise<RecordLog> {
  const inside = join(folder, 'kept');
  const kept = existsSync(inside) ? { keptFolder: inside } : {};
  const tree = await treeIn(origin, folder, folderFiles(folder), folder);
  if (tree) return { ...tree, ...kept };
  const lines = readdirSync(folder)
    .filter((name) => /\.ndjson$/.test(name))
    .sort();
  if (lines.length === 0)
    throw noRecords(folder, `it has no ${checkpointPath} and no file of records (.ndjson)`);
  const files = logFiles(lines.map((name) => join(folder, name))).map(lineFile);
  return { origin, files, ...kept };
}

async function openArchive(origin: string, zip: ZipFiles): Promise<RecordLog> {
  const root = archiveRoot(zip.names);
  const inside = below(zip, root);
  const tree = await treeIn(origin, origin, inside);
  if (tree) return { ...tree, readKept: keptBelow(inside) };
  const names = zip.names.filter((name) => /\.ndjson(\.gz)?$/.test(name)).sort();
  if (names.length === 0) throw noRecords(origin, 'it has no log and no file of records');
  const files: RecordFile[] = [];
  for (const name of names) files.push(lineBytes(`${origin}/${name}`, (await zip.read(name)) as Uint8Array));
  return { origin, files };
}

function below(files: LogFiles, root: string): LogFiles {
  return root === '' ? files : { read: (path) => files.read(`${root}${path}`) };
}

async function openAddress(origin: string, fetch: FetchFile | undefined): Promise<RecordLog> {
  if (!fetch) throw new PortreeveError('PDP_USAGE', `${origin}: addresses are not read here`);
  if (/\.(zip|ndjson|ndjson\.gz)$/.test(new URL(origin).pathname)) {
    const bytes = await fetch(origin);
    if (bytes === undefined) throw noRecords(origin, 'there is nothing at this address');
    if (/\.zip$/.test(new URL(origin).pathname))
      return openArchive(origin, await openZip(origin, archiveBytes(bytes)));
    return { origin, files: [lineBytes(origin, bytes)] };
  }
  const base = withPathEnding(origin, origin.endsWith('/') ? '' : '/');
  const files: LogFiles = { read: (path) => fetch(withPathEnding(base, path)) };
  const tree = await treeIn(origin, origin, files);
  if (tree) return { ...tree, readKept: keptBelow(files) };
  throw noRecords(origin, `there is no ${checkpointPath} below this address`);
}

function keptBelow(files: LogFiles): NonNullable<RecordLog['readKept']> {
  return (digest) => files.read(`kept/${digest}`);
}

async function treeIn(
  origin: string,
  name: string,
  files: LogFiles,
  folder?: string,
): Promise<RecordLog | undefined> {
  const tree = await openTree(name, files, folder);
  return tree && { origin, files: [treeFile(name, tree)], tree };
}

function noRecords(name: string, problem: string): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `cannot read ${name}: ${problem}`);
}
