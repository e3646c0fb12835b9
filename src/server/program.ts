import { readFileSync } from 'node:fs';
import { inOnePiece } from '../lib/text.ts';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** Version of this program, from its package: the same file seen from `src/server` and from `dist/server`. */
export const programVersion = manifest.version;

/** Name and version: `versions.program` of every decision. */
export const program: string = inOnePiece('portreeve ', programVersion);
