/** Writes a version of the policy input as a type, from its schema. */

/**
 * A field of the policy input as its schema describes it: JSON Schema, with the unit or form of its value (`x-unit`), what
 * it is where there is nothing to say (`x-absent`), the part of the documentation that it is in and its type's name here.
 */
export interface FieldSchema {
  readonly description: string;
  readonly 'x-unit'?: string;
  readonly 'x-absent': string;
  readonly 'x-group': string;
  readonly 'x-type'?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Partial<FieldSchema>[];
  readonly items?: Partial<FieldSchema>;
  readonly properties?: Readonly<Record<string, Partial<FieldSchema>>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Partial<FieldSchema>;
}

export interface InputSchema {
  readonly title: string;
  readonly description: string;
  /** Titles of the parts of the documentation, in order. */
  readonly 'x-groups': Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, FieldSchema>>;
}

type InnerSchema = Partial<FieldSchema>;

/** TypeScript, or the words that Rego's authors use. */
type Language = 'ts' | 'rego';

const scalars: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  integer: 'number',
  null: 'null',
  number: 'number',
  string: 'string',
};

/** The type of a field, on one line. Throws for what no field has used yet. */
export function typeOf(field: InnerSchema, language: Language): string {
  if (language === 'ts' && field['x-type']) return field['x-type'];
  if (field.anyOf) return field.anyOf.map((one) => typeOf(one, language)).join(' | ');
  if (field.const !== undefined) return literal(field.const, language);
  if (field.enum) return field.enum.map((value) => literal(value, language)).join(' | ');
  if (field.type === 'array') return arrayType(field.items ?? {}, language);
  if (field.type === 'object') return objectType(field, language);
  const spelling = scalars[field.type ?? ''];
  if (spelling === undefined) throw new Error(`a field of type ${String(field.type)} has no spelling yet`);
  return spelling;
}

function literal(value: unknown, language: Language): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return language === 'ts' ? `'${value}'` : JSON.stringify(value);
}

function arrayType(items: InnerSchema, language: Language): string {
  const of = typeOf(items, language);
  const inner = of.includes(' | ') ? `(${of})` : of;
  return language === 'ts' ? `readonly ${inner}[]` : `array of ${inner}`;
}

function objectType(field: InnerSchema, language: Language): string {
  if (field.properties) {
    const readonly = language === 'ts' ? 'readonly ' : '';
    const optional = (name: string) => (field.required?.includes(name) ? '' : '?');
    const members = Object.entries(field.properties).map(
      ([name, member]) => `${readonly}${name}${optional(name)}: ${typeOf(member, language)}`,
    );
    return `{ ${members.join(language === 'ts' ? '; ' : ', ')} }`;
  }
  const of = typeOf(field.additionalProperties ?? {}, language);
  return language === 'ts' ? `Readonly<Record<string, ${of}>>` : `object of ${of}`;
}

/** Characters of a line of code. */
const width = 110;

/** The file that declares a version as an interface. */
export function typeFile(version: number, source: string, schema: InputSchema): string {
  const members = Object.entries(schema.properties).map(([name, field]) => {
    const { description, 'x-unit': unit, 'x-absent': absent } = field;
    const comment = [description, ...(unit ? [`Unit or form: ${unit}.`] : []), sentence(absent)].join(' ');
    return `${docComment(comment)}\n${memberLine(name, typeOf(field, 'ts'))}`;
  });
  return `${[
    `/* Generated from ${source} by scripts/policy-input.ts; do not edit. */`,
    "import type { Finding } from '../lib/reason-code.ts';",
    '',
    `/**\n * ${wrapped(`${schema.title}. ${schema.description}`, ' * ')}\n */`,
    `export interface PolicyInputV${version} {`,
    ...members,
    '}',
  ].join('\n')}\n`;
}

/** As the formatter writes it. */
function memberLine(name: string, type: string): string {
  const line = `  readonly ${name}: ${type};`;
  if (line.length <= width) return line;
  return line.replace(/Readonly<(.*)>;$/, 'Readonly<\n    $1\n  >;');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function docComment(text: string): string {
  const one = `  /** ${text} */`;
  return one.length <= width + 10 ? one : `  /**\n   * ${wrapped(text, '   * ')}\n   */`;
}

/** Lines of at most 120 characters, all but the first with the prefix. */
function wrapped(text: string, prefix: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1] ?? '';
    if (prefix.length + last.length + word.length + 1 > 118) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join(`\n${prefix}`);
}
