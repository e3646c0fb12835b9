import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** Version of this program, from its package: the same file seen from `src/lib` and from `dist/lib`. */
export const programVersion = manifest.version;
