/**
 * Writes what comes from the schemas of the policy input, `rego/schema/input*.json`: the page docs/policy/input.md and
 * the type of each version, `src/policy/input-v<version>.ts`. `opa check --schema` reads the same files. With `--check`
 * it writes nothing, says what is not up to date and exits 1 where something is not.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inputSchemaName, inputSchemaPath, inputVersions } from '../src/policy/input-versions.ts';
import { typeFile, typeOf } from './policy-input-type.ts';
import type { FieldSchema, InputSchema } from './policy-input-type.ts';

const root = new URL('..', import.meta.url);

const versions = inputVersions.map((version) => ({
  version,
  schema: JSON.parse(readFileSync(inputSchemaPath(version), 'utf8')) as InputSchema,
}));

const introduction = `# The policy input

<!-- Generated from rego/schema/ by scripts/policy-input.ts; do not edit. -->

What a policy sees as \`input\`. It is flat, and every key is always there: where there is nothing to say, the value is
null, empty, or as the last column tells. An operand that is not there would make a rule that denies silently not hold,
and a null compares with everything: \`null < 5\` is true. Say what is meant by it, \`input.crl_age_s != null\`, or by
\`object.get\` for what the configuration may not have, as in \`input.custom\`.

Times are Unix seconds; ages and lifetimes are whole seconds, worked out before the policy is asked, so that it needs no
clock. Serials and digests are lower-case hex. Names of devices and serials are compared beforehand
(\`claimed_id_matches\`, \`claimed_serial_matches\`), by the rules of the profile and as numbers: compare no spellings.

A bundle names the version of the input that its rules were written for (\`input_version\` in \`policy.yaml\`,
\`metadata.portreeve.input_version\` in its manifest) and gets exactly that one, also from a program that knows later
ones. A field is never taken away from a version, nor does its meaning change: that is what a later version is for.
`;

function page(): string {
  return `${[introduction.trimEnd(), ...versions.map(({ version, schema }) => section(version, schema))].join('\n\n')}\n`;
}

function section(version: number, schema: InputSchema): string {
  const fields = Object.entries(schema.properties);
  const groups = Object.entries(schema['x-groups']).map(([group, title]) => {
    const rows = fields.filter(([, field]) => field['x-group'] === group).map(row);
    return `### ${title}\n\n| field | type | meaning | unit or form | when there is nothing |\n|---|---|---|---|---|\n${rows.join('\n')}`;
  });
  const from = [
    `Schema: \`${schemaPath(version)}\`, ${fields.length} fields. Annotations of Rego modules name it`,
    `\`${annotationName(version)}\` ([types of the input](check.md#types-of-the-input)). Check a policy against it with`,
  ].join('\n');
  const command =
    '    opa check --strict --schema rego/schema --capabilities rego/capabilities.json rego/portreeve';
  return [`## Version ${version}`, from, command, ...groups].join('\n\n');
}

function schemaPath(version: number): string {
  return `rego/schema/${inputSchemaName(version)}`;
}

/** How `opa` calls the schema, given its folder. */
function annotationName(version: number): string {
  const name = inputSchemaName(version).replace(/\.json$/, '');
  return /^\w+$/.test(name) ? `schema.${name}` : `schema["${name}"]`;
}

function row([name, field]: readonly [string, FieldSchema]): string {
  const cells = [
    `\`${name}\``,
    `\`${typeOf(field, 'rego')}\``,
    field.description,
    field['x-unit'] ?? '',
    field['x-absent'],
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

const outputs: readonly (readonly [path: string, text: string])[] = [
  ['docs/policy/input.md', page()],
  ...versions.map(
    ({ version, schema }) =>
      [`src/policy/input-v${version}.ts`, typeFile(version, schemaPath(version), schema)] as const,
  ),
];

const checking = process.argv.includes('--check');
for (const [path, text] of outputs) {
  const file = fileURLToPath(new URL(path, root));
  if (!checking) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } else if (read(file) !== text) {
    console.error(`${path} is not what rego/schema says: run node scripts/policy-input.ts`);
    process.exitCode = 1;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
