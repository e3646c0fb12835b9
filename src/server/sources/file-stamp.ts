import { stat } from 'node:fs/promises';
import { filesOfBundle } from '../bundles/unpacked.ts';
import { statementEnding } from './statement.ts';
import type { SourceSpec } from './types.ts';

/**
 * A text that differs once a source's file, or the statement beside it, was written or replaced; undefined for a URL.
 * What is not there has a stamp too. Links are followed.
 */
export async function fileStamp({ location, signed_by: signedBy }: SourceSpec): Promise<string | undefined> {
  if ('url' in location) return undefined;
  if (location.unpacked) return folderStamp(location.file);
  const paths = signedBy === null ? [location.file] : [location.file, `${location.file}${statementEnding}`];
  return (await Promise.all(paths.map(stampOf))).join(' ');
}

/** A folder that cannot be read has a stamp too: it is asked again once that changes. */
async function folderStamp(folder: string): Promise<string> {
  try {
    const files = await filesOfBundle(folder);
    return (await Promise.all(files.map(async ({ name, path }) => `${name} ${await stampOf(path)}`))).join(
      ' ',
    );
  } catch {
    return stampOf(folder);
  }
}

async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
