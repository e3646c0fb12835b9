import { readFileSync } from 'node:fs';

let version: string | undefined;

/** The program's version, as its package states it; the same place from the checkout and from the built package. */
export function programVersion(): string {
  const text = () => readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  version ??= (JSON.parse(text()) as { version: string }).version;
  return version;
}
