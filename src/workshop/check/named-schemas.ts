import { copyFileSync, cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inputSchemaName, inputSchemaPath, inputVersions } from '../../policy/input-versions.ts';

/** Where a project has schemas that annotations may name, beside those of the input. */
const schemasFolder = 'schemas';

/**
 * Runs something with a folder of the schemas that annotations of a project in `folder` may name, `schema.<name>` for
 * `<name>.json`: its own, and over them the input's, which are the program's also where the project's copies are older.
 */
export async function withNamedSchemas<T>(folder: string, run: (schemas: string) => Promise<T>): Promise<T> {
  const schemas = mkdtempSync(join(tmpdir(), 'portreeve-schemas-'));
  try {
    const own = join(folder, schemasFolder);
    if (isFolder(own)) {
      const filter = (path: string): boolean => path.endsWith('.json') || isFolder(path);
      cpSync(own, schemas, { recursive: true, dereference: true, filter });
    }
    for (const version of inputVersions)
      copyFileSync(inputSchemaPath(version), join(schemas, inputSchemaName(version)));
    return await run(schemas);
  } finally {
    rmSync(schemas, { recursive: true, force: true });
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
