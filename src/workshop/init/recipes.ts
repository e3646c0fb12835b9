import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseDocument } from 'yaml';
import { PortreeveError } from '../../lib/errors.ts';

/** The cookbook that the package holds; the same place seen from `src/workshop` and `dist/workshop`. */
const cookbook = fileURLToPath(new URL('../../../examples/policy/cookbook/', import.meta.url));

/** Names of all recipes, sorted. */
export function recipeNames(): readonly string[] {
  return readdirSync(cookbook, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** The folder of a recipe. Throws PDP_NOT_FOUND, naming those that there are. */
export function recipeFolder(name: string): string {
  if (recipeNames().includes(name)) return join(cookbook, name, '/');
  throw new PortreeveError(
    'PDP_NOT_FOUND',
    `there is no recipe "${name}"; there are ${recipeNames().join(', ')}`,
  );
}

/** The text of a `policy.yaml` with further reasons declared; what stands there stays as it is, comments too. */
export function withReasons(project: string, reasons: string): string {
  const document = parseDocument(project);
  for (const [code, declared] of Object.entries(parse(reasons) as Record<string, unknown>)) {
    document.setIn(['reasons', code], document.createNode(declared));
  }
  return document.toString({ lineWidth: 0, singleQuote: true, flowCollectionPadding: false });
}
