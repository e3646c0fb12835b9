import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Json = Readonly<Record<string, unknown>>;

/** What OCSF says of a class or an object: types are basic ones or objects, `[]` is an array of them, `!` is required. */
interface Shape {
  readonly attributes: Readonly<Record<string, string>>;
  readonly enums: Readonly<Record<string, readonly number[]>>;
  readonly at_least_one?: readonly string[];
}

interface Schema {
  readonly version: string;
  readonly classes: Readonly<
    Record<string, Shape & { readonly class_uid: number; readonly category_uid: number }>
  >;
  readonly objects: Readonly<Record<string, Shape>>;
}

/** Of the schema that OCSF publishes, names, types and numbers of the classes and objects that events here are made of. */
const schema = JSON.parse(readFileSync(join(import.meta.dirname, 'ocsf-schema.json'), 'utf8')) as Schema;

const basic: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isSafeInteger,
  long: Number.isSafeInteger,
  float: Number.isFinite,
};

/** Everything in which an event is not what the schema says, each with its place. */
export function ocsfProblems(event: Json): readonly string[] {
  const found = Object.values(schema.classes).find(({ class_uid: uid }) => uid === event['class_uid']);
  if (found === undefined) return [`class_uid: ${String(event['class_uid'])}`];
  const { activity_id: activity, category_uid: category, type_uid: type, metadata } = event;
  const { version } = (metadata ?? {}) as { version?: string };
  return [
    ...shapeProblems('', event, found),
    ...(version === schema.version ? [] : [`metadata.version: ${String(version)}`]),
    ...(category === found.category_uid ? [] : [`category_uid: ${String(category)}`]),
    ...(type === found.class_uid * 100 + Number(activity) ? [] : [`type_uid: ${String(type)}`]),
  ];
}

function shapeProblems(at: string, value: Json, { attributes, enums, at_least_one: some }: Shape): string[] {
  const problems: string[] = [];
  for (const [key, type] of Object.entries(attributes))
    if (type.endsWith('!') && value[key] === undefined) problems.push(`${at}${key}: is required`);
  for (const [key, one] of Object.entries(value)) {
    const type = Object.hasOwn(attributes, key) ? attributes[key] : undefined;
    if (type === undefined) problems.push(`${at}${key}: is not in the schema`);
    else problems.push(...valueProblems(`${at}${key}`, one, type.replace('!', '')));
    if (enums[key] !== undefined && !enums[key].includes(one as number))
      problems.push(`${at}${key}: ${String(one)} is no number of it`);
    // What is other is said in words beside it.
    if (one === 99 && key.endsWith('_id') && typeof value[wordsOf(key)] !== 'string')
      problems.push(`${at}${wordsOf(key)}: says what is other`);
  }
  if (some !== undefined && !some.some((key) => value[key] !== undefined))
    problems.push(`${at}: has none of ${some.join(', ')}`);
  return problems;
}

function wordsOf(key: string): string {
  return key === 'activity_id' ? 'activity_name' : key.replace(/_id$/, '');
}

function valueProblems(at: string, value: unknown, type: string): string[] {
  if (type.endsWith('[]'))
    return Array.isArray(value)
      ? value.flatMap((one, place) => valueProblems(`${at}[${place}]`, one, type.slice(0, -2)))
      : [`${at}: is no array`];
  const isBasic = basic[type];
  if (isBasic !== undefined) return isBasic(value) ? [] : [`${at}: is no ${type}`];
  // Of what OCSF has no words for: any object.
  if (type === 'object') return typeof value === 'object' && value !== null ? [] : [`${at}: is no object`];
  const shape = schema.objects[type];
  if (shape === undefined || typeof value !== 'object' || value === null) return [`${at}: is no ${type}`];
  return shapeProblems(`${at}.`, value as Json, shape);
}
