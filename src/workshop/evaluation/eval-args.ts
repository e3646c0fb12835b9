import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RegoSources } from './types.ts';

/** The reference to an entrypoint, `data.portreeve.decision` for `portreeve/decision`. */
export function entrypointRef(entrypoint: string): string {
  const parts = entrypoint
    .split('/')
    .map((part) => (/^[a-z_]\w*$/i.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`));
  return `data${parts.join('')}`;
}

/** Flags that all commands of `opa` take which read Rego. */
export function languageFlags(regoVersion: 0 | 1): readonly string[] {
  return regoVersion === 0 ? ['--v0-compatible'] : [];
}

/**
 * Runs something with the arguments that make `opa eval` read a policy's modules with its data; the file of the data is
 * there as long as it runs.
 */
export async function withSources<T>(
  sources: RegoSources,
  run: (flags: readonly string[]) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-eval-'));
  try {
    const data = join(folder, 'data.json');
    writeFileSync(data, sources.document);
    const files = [...sources.modules, data].flatMap((file) => ['--data', file]);
    return await run([...languageFlags(sources.regoVersion), ...files]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
