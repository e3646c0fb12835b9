import { PortreeveError } from '../lib/errors.ts';
import { loadProtos } from './load-protos.ts';

/** One field of a message, as much as reading JSON needs. */
export interface FieldSchema {
  readonly name: string;
  readonly jsonName: string;
  readonly type: string;
  /** Full name of the field's message or enum, for those types. */
  readonly typeName: string;
  readonly repeated: boolean;
}

export interface MessageSchema {
  readonly fullName: string;
  /** By both spellings. */
  readonly fields: ReadonlyMap<string, FieldSchema>;
  readonly mapEntry: boolean;
}

export interface Schema {
  message(fullName: string): MessageSchema | undefined;
  /** Names and numbers of an enum's values. */
  enumValues(fullName: string): ReadonlyMap<string, number> | undefined;
}

/** The loader's descriptors, as far as they are read here. */
interface Descriptor {
  readonly name: string;
  readonly field?: readonly {
    readonly name: string;
    readonly label: string;
    readonly type: string;
    readonly typeName: string;
  }[];
  readonly nestedType?: readonly Descriptor[];
  readonly enumType?: readonly EnumDescriptor[];
  readonly options?: { readonly mapEntry?: boolean } | null;
}

interface EnumDescriptor {
  readonly name: string;
  readonly value: readonly { readonly name: string; readonly number: number }[];
}

let known: Schema | undefined;

/** The schema of our protos, read from their descriptors once. */
export function loadSchema(): Schema {
  known ??= readSchema();
  return known;
}

function readSchema(): Schema {
  const descriptors = new Map<string, Descriptor>();
  const enums = new Map<string, ReadonlyMap<string, number>>();
  for (const [fullName, definition] of Object.entries(loadProtos())) {
    if (definition.format === 'Protocol Buffer 3 DescriptorProto') {
      collect(fullName, definition.type as unknown as Descriptor, descriptors, enums);
    } else if (definition.format === 'Protocol Buffer 3 EnumDescriptorProto') {
      enums.set(fullName, valuesOf(definition.type as unknown as EnumDescriptor));
    }
  }
  const exists = (name: string): boolean => descriptors.has(name) || enums.has(name);
  const messages = new Map<string, MessageSchema>();
  for (const [fullName, descriptor] of descriptors) {
    messages.set(fullName, messageSchema(fullName, descriptor, exists));
  }
  return { message: (name) => messages.get(name), enumValues: (name) => enums.get(name) };
}

function collect(
  fullName: string,
  descriptor: Descriptor,
  descriptors: Map<string, Descriptor>,
  enums: Map<string, ReadonlyMap<string, number>>,
): void {
  descriptors.set(fullName, descriptor);
  for (const nested of descriptor.nestedType ?? []) {
    collect(`${fullName}.${nested.name}`, nested, descriptors, enums);
  }
  for (const nested of descriptor.enumType ?? []) enums.set(`${fullName}.${nested.name}`, valuesOf(nested));
}

function valuesOf(descriptor: EnumDescriptor): ReadonlyMap<string, number> {
  return new Map(descriptor.value.map(({ name, number }) => [name, number]));
}

function messageSchema(
  fullName: string,
  descriptor: Descriptor,
  exists: (name: string) => boolean,
): MessageSchema {
  const fields = new Map<string, FieldSchema>();
  for (const field of descriptor.field ?? []) {
    const schema: FieldSchema = {
      name: field.name,
      jsonName: field.name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
      type: field.type,
      typeName: field.typeName === '' ? '' : resolve(fullName, field.typeName, exists),
      repeated: field.label === 'LABEL_REPEATED',
    };
    fields.set(schema.name, schema);
    fields.set(schema.jsonName, schema);
  }
  return { fullName, fields, mapEntry: descriptor.options?.mapEntry === true };
}

/** A type's name as written in a message: looked for in the message itself, then in each scope around it. */
function resolve(scope: string, name: string, exists: (name: string) => boolean): string {
  if (name.startsWith('.')) return name.slice(1);
  const parts = scope.split('.');
  for (let length = parts.length; length >= 0; length--) {
    const candidate = [...parts.slice(0, length), name].join('.');
    if (exists(candidate)) return candidate;
  }
  throw new PortreeveError('PDP_INTERNAL', `protos: ${scope} names ${name}, which is nowhere`);
}
