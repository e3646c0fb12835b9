import { exactNumber } from '../../../lib/exact-json.ts';
import type { ExactJson } from '../../../lib/exact-json.ts';
import { loadSchema } from '../../proto3-schema.ts';
import type { FieldSchema, MessageSchema } from '../../proto3-schema.ts';
import type { WireStruct, WireValue } from '../wire.ts';

/** Scalars of a `oneof`, which are told even where they are 0 or empty: the loader's descriptors do not say which are. */
const explicit: Readonly<Record<string, readonly string[]>> = {
  'envoy.config.core.v3.SocketAddress': ['port_value', 'named_port'],
  'envoy.config.core.v3.EnvoyInternalAddress': ['server_listener_name'],
};

type Members = Record<string, ExactJson>;

/**
 * A message as opa-envoy-plugin shows it to policies: populated fields alone, by their lowerCamelCase names, members of
 * a `oneof` in their message, enums and 64-bit integers as numbers (exact), bytes as base64, a Struct as the object
 * that it stands for, a Timestamp as `{seconds, nanos}`. What our protos do not have is not there.
 */
export function walkMessage(fullName: string, message: object): Members {
  const schema = loadSchema().message(fullName);
  const walked = emptyObject();
  for (const [name, value] of Object.entries(message) as [string, unknown][]) {
    const field = schema?.fields.get(name);
    if (schema && field && isPopulated(schema, field, value))
      walked[field.jsonName] = walkField(field, value);
  }
  return walked;
}

/** Without a prototype: names come from whoever connects. */
function emptyObject(): Members {
  return Object.create(null) as Members;
}

/** In proto3 a scalar that has its type's first value is the same as one that is not there. */
function isPopulated({ fullName }: MessageSchema, field: FieldSchema, value: unknown): boolean {
  const { name, repeated, type, typeName } = field;
  if (value === undefined || value === null) return false;
  if (repeated || type === 'TYPE_MESSAGE' || explicit[fullName]?.includes(name)) return true;
  if (type === 'TYPE_ENUM') return enumNumber(typeName, value) !== 0;
  if (type === 'TYPE_BYTES') return (value as Uint8Array).byteLength > 0;
  return value !== '' && value !== false && value !== 0 && value !== '0';
}

function walkField(field: FieldSchema, value: unknown): ExactJson {
  const entry = field.type === 'TYPE_MESSAGE' ? loadSchema().message(field.typeName) : undefined;
  if (entry?.mapEntry) return walkMap(entry.fields.get('value') as FieldSchema, value as object);
  if (field.repeated) return (value as unknown[]).map((one) => walkOne(field, one));
  return walkOne(field, value);
}

function walkMap(field: FieldSchema, map: object): ExactJson {
  const walked = emptyObject();
  for (const [key, value] of Object.entries(map) as [string, unknown][]) walked[key] = walkOne(field, value);
  return walked;
}

const integers: ReadonlySet<string> = new Set([
  'TYPE_INT64',
  'TYPE_UINT64',
  'TYPE_SINT64',
  'TYPE_FIXED64',
  'TYPE_SFIXED64',
]);

function walkOne(field: FieldSchema, value: unknown): ExactJson {
  const { type, typeName } = field;
  if (type === 'TYPE_MESSAGE') {
    return typeName === 'google.protobuf.Struct'
      ? structValue(value as WireStruct)
      : walkMessage(typeName, value as object);
  }
  if (type === 'TYPE_ENUM') return enumNumber(typeName, value);
  if (type === 'TYPE_BYTES') return Buffer.from(value as Uint8Array).toString('base64');
  if (integers.has(type)) return exactNumber(String(value));
  return value as ExactJson;
}

/** The loader gives names for the numbers that it knows, and the number for any other. */
function enumNumber(typeName: string, value: unknown): number {
  return typeof value === 'number' ? value : (loadSchema().enumValues(typeName)?.get(String(value)) ?? 0);
}

/** The object that a Struct stands for. */
function structValue(struct: WireStruct): ExactJson {
  const object = emptyObject();
  for (const [key, value] of Object.entries(struct.fields ?? {})) object[key] = valueOf(value);
  return object;
}

function valueOf(value: WireValue): ExactJson {
  if (value.structValue) return structValue(value.structValue);
  if (value.listValue) return (value.listValue.values ?? []).map(valueOf);
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.numberValue === undefined) return null;
  // JSON has no such numbers; protobuf's own mapping has them as texts.
  return Number.isFinite(value.numberValue) ? value.numberValue : String(value.numberValue);
}
