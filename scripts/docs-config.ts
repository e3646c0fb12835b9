/**
 * Writes docs/configuration.md from the configuration's schema; with `--check` compares instead, and answers 1 where
 * the page is not what the schema says.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { configSchema } from '../src/config/schema.ts';
import type { Schema } from '../src/config/schema/keys.ts';

const page = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));

const introduction = `# Configuration

This page is generated from the schema (\`portreeve config schema\`); change it there.

${configSchema.description}

The file is the one that \`--config\` names, else \`$PORTREEVE_CONFIG\`, else \`./portreeve.yaml\`, else
\`./.portreeve/portreeve.yaml\`. An unknown key is an error, and so are a duplicate key, a reference to a name that is not
there, and a file that is named but missing (CRLs, which come and go, are warnings). \`portreeve config check\` tells every
problem at once, with line and column. No value is taken from the environment and none needs to be secret: private keys are
files, and a decision's record names the digest of this configuration, never what those files hold.

A file of a newer \`version\` than the program knows is refused.

## A small file

\`\`\`yaml
version: 1
server:
  listeners:
    - name: local
      address: 127.0.0.1:9191
      pep: envoy
peps:
  - name: envoy
trust:
  anchors:
    - name: fleet-root
      file: ca/fleet-root.pem
      profile: { kind: spiffe, trust_domain: example.org }
revocation:
  crls: [crl]
classes:
  meter:
    anchors: [fleet-root]
\`\`\`
`;

interface Row {
  readonly key: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** Every key below a schema, in the order of the file, with lists and free names in its path. */
function rowsOf(schema: Schema, path: string): Row[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const key = path === '' ? name : `${path}.${name}`;
    return [{ key, schema: one, required: required.has(name) }, ...below(one, key)];
  });
}

function below(schema: Schema, key: string): Row[] {
  if (schema.items?.properties) return rowsOf(schema.items, `${key}[]`);
  if (typeof schema.additionalProperties === 'object')
    return rowsOf(schema.additionalProperties, `${key}.<name>`);
  return rowsOf(schema, key);
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ key, schema, required }) => {
    const cells = [
      code(key),
      kind(schema),
      initial(schema, required),
      schema.description ?? '',
      examples(schema),
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| key | value | default | meaning | example |', '|---|---|---|---|---|', ...lines].join('\n');
}

function kind(schema: Schema): string {
  if (schema.items) return `list of ${schema.items.properties ? 'sections' : kind(schema.items)}`;
  if (schema.properties) return 'section';
  if (typeof schema.additionalProperties === 'object') return 'sections by name';
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return choices(schema.enum);
  const range = schema['x-range'];
  if (range) return `time, ${range[0]} to ${range[1]}`;
  if (schema.minimum !== undefined)
    return `${schema.type === 'number' ? 'number' : 'whole number'}, ${schema.minimum} to ${schema.maximum}`;
  return schema.format === undefined ? (type(schema) ?? 'any') : (formats[schema.format] ?? schema.format);
}

const formats: Readonly<Record<string, string>> = {
  'date-time': 'RFC 3339 instant',
  cidr: 'CIDR',
  'worker-address': 'address',
};

function choices(values: readonly unknown[]): string {
  return values.length > 12 ? 'a reason code (see the reasons page)' : values.map(code).join(', ');
}

function type(schema: Schema): string | undefined {
  const name = Array.isArray(schema.type)
    ? (schema.type as string[])[0]
    : (schema.type as string | undefined);
  return name === 'string' ? 'text' : name;
}

function initial(schema: Schema, required: boolean): string {
  if (required) return '**required**';
  if (schema.default !== undefined) return code(schema.default);
  return schema.properties ? 'as below' : '–';
}

function examples(schema: Schema): string {
  return (schema.examples ?? []).map(code).join(', ');
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function render(): string {
  const sections = Object.entries(configSchema.properties ?? {});
  const required = new Set(configSchema.required);
  const parts = sections.map(([name, schema]) => {
    const rows = [{ key: name, schema, required: required.has(name) }, ...below(schema, name)];
    return `## ${name}\n\n${schema.description}\n\n${table(rows)}\n`;
  });
  return [introduction, ...parts].join('\n');
}

const text = await format(render(), {
  parser: 'markdown',
  proseWrap: 'preserve',
  printWidth: 110,
  singleQuote: true,
});
if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
} else if (safeRead() !== text) {
  console.error('docs/configuration.md is not what the schema says: run node scripts/docs-config.ts');
  process.exitCode = 1;
}

function safeRead(): string {
  try {
    return readFileSync(page, 'utf8');
  } catch {
    return '';
  }
}
