import { stat } from 'node:fs/promises';
import { statementEnding } from './statement.ts';
import type { SourceSpec } from './types.ts';

/**
 * A text that differs once a source's file, or the statement beside it, was written or replaced; undefined for a URL.
 * What is not there has a stamp too. Links are followed.
 */
export async function fileStamp({ location, signed_by: signedBy }: SourceSpec): Promise<string | undefined> {
  if ('url' in location) return undefined;
  const paths = signedBy === null ? [location.file] : [location.file, `${location.file}${statementEnding}`];
  return (await Promise.all(paths.map(stampOf))).join(' ');
}

async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
