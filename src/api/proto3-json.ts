import { PortreeveError } from '../lib/errors.ts';
import type { DecideRequest } from './decision-service/wire.ts';
import type { CheckRequest } from './ext-authz/wire.ts';
import { messageCodec } from './load-protos.ts';
import { malformed, readScalar } from './proto3-scalars.ts';
import { loadSchema } from './proto3-schema.ts';
import type { FieldSchema, MessageSchema } from './proto3-schema.ts';
import { readWellKnown } from './proto3-well-known.ts';

/**
 * Reads the proto3 JSON of Envoy's CheckRequest (top level `attributes`) as its door would read the message. Field
 * names in lowerCamelCase or as in the proto, bytes in base64, enums by name or number, null for absent. Fields that
 * our protos do not have are errors. Throws PDP_INPUT_MALFORMED with the path of what is wrong.
 */
export function decodeCheckRequestJson(value: unknown): CheckRequest {
  return decodeJson<CheckRequest>('envoy.service.auth.v3.CheckRequest', value);
}

/** As decodeCheckRequestJson, for our own DecideRequest. */
export function decodeDecideRequestJson(value: unknown): DecideRequest {
  return decodeJson<DecideRequest>('portreeve.v1.DecideRequest', value);
}

/** The `oneof` groups of requests; the loader's descriptors do not say which field is in which. */
const exclusive: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'envoy.config.core.v3.Address': [['socket_address', 'pipe', 'envoy_internal_address']],
  'envoy.config.core.v3.SocketAddress': [['port_value', 'named_port']],
  'envoy.config.core.v3.HeaderValue': [['value', 'raw_value']],
};

/** Through the message's bytes and back, so that what comes out is exactly what a door gets. */
function decodeJson<Message extends object>(typeName: string, value: unknown): Message {
  const codec = messageCodec<Message>(typeName);
  const message = readMessage(schemaOf(typeName), value, '$') as Message;
  return codec.decode(codec.encode(message));
}

function readMessage(schema: MessageSchema, value: unknown, path: string): object {
  const message: Record<string, unknown> = {};
  for (const [key, item] of entriesOf(value, path)) {
    const field = schema.fields.get(key);
    if (field === undefined) throw malformed(`${path}.${key}`, `${schema.fullName} has no such field`);
    if (Object.hasOwn(message, field.name)) throw malformed(`${path}.${key}`, 'is given in both spellings');
    if (item === null && field.typeName !== 'google.protobuf.Value') continue;
    message[field.name] = readField(field, item, `${path}.${key}`);
  }
  for (const group of exclusive[schema.fullName] ?? []) {
    const given = group.filter((name) => Object.hasOwn(message, name));
    if (given.length > 1) throw malformed(path, `gives ${given.join(' and ')}, which exclude each other`);
  }
  return message;
}

function readField(field: FieldSchema, value: unknown, path: string): unknown {
  const entry = field.type === 'TYPE_MESSAGE' ? loadSchema().message(field.typeName) : undefined;
  if (entry?.mapEntry) return readMap(entry, value, path);
  if (!field.repeated) return readOne(field, value, path);
  if (!Array.isArray(value)) throw malformed(path, 'is not a list');
  return value.map((item: unknown, index) => readOne(field, item, `${path}[${index}]`));
}

function readMap(entry: MessageSchema, value: unknown, path: string): object {
  const field = entry.fields.get('value') as FieldSchema;
  const map: Record<string, unknown> = {};
  for (const [key, item] of entriesOf(value, path)) {
    Object.defineProperty(map, key, {
      value: readOne(field, item, `${path}.${key}`),
      enumerable: true,
    });
  }
  return map;
}

function readOne(field: FieldSchema, value: unknown, path: string): unknown {
  if (field.type === 'TYPE_ENUM') return readEnum(field.typeName, value, path);
  if (field.type !== 'TYPE_MESSAGE') return readScalar(field.type, value, path);
  const known = readWellKnown(field.typeName, value, path);
  return known === undefined ? readMessage(schemaOf(field.typeName), value, path) : known;
}

function readEnum(typeName: string, value: unknown, path: string): number {
  const values = loadSchema().enumValues(typeName);
  const number = typeof value === 'string' ? values?.get(value) : value;
  if (typeof number === 'number' && Number.isInteger(number)) return number;
  throw malformed(path, `is none of ${[...(values?.keys() ?? [])].join(', ')}`);
}

function entriesOf(value: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw malformed(path, 'is not an object');
}

function schemaOf(typeName: string): MessageSchema {
  const schema = loadSchema().message(typeName);
  if (schema) return schema;
  throw new PortreeveError('PDP_INTERNAL', `no message ${typeName} in the protos`);
}
