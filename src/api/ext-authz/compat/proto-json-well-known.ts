import { formatInstant } from '../../../lib/clock.ts';
import type { ExactJson } from '../../../lib/exact-json.ts';
import { PortreeveError } from '../../../lib/errors.ts';
import { mapEntries } from './descriptors.ts';
import type { Descriptors } from './descriptors.ts';
import { messageJson, scalarJson } from './proto-json.ts';
import type { DecodedMessage } from './proto-json.ts';

/** Messages that stand for the scalar which they hold, and what that is where it is not told. */
const wrappers: Readonly<Record<string, readonly [type: string, initial: unknown]>> = {
  'google.protobuf.BoolValue': ['TYPE_BOOL', false],
  'google.protobuf.BytesValue': ['TYPE_BYTES', new Uint8Array()],
  'google.protobuf.DoubleValue': ['TYPE_DOUBLE', 0],
  'google.protobuf.FloatValue': ['TYPE_FLOAT', 0],
  'google.protobuf.Int32Value': ['TYPE_INT32', 0],
  'google.protobuf.Int64Value': ['TYPE_INT64', '0'],
  'google.protobuf.StringValue': ['TYPE_STRING', ''],
  'google.protobuf.UInt32Value': ['TYPE_UINT32', 0],
  'google.protobuf.UInt64Value': ['TYPE_UINT64', '0'],
};

/** A message of a well-known type whose JSON is not that of its fields; undefined for any other type. */
export function wellKnownJson(
  descriptors: Descriptors,
  fullName: string,
  message: DecodedMessage,
): ExactJson | undefined {
  const wrapper = Object.hasOwn(wrappers, fullName) ? wrappers[fullName] : undefined;
  if (wrapper) return scalarJson(wrapper[0], message['value'] ?? wrapper[1]);
  switch (fullName) {
    case 'google.protobuf.Timestamp':
      return timestamp(message);
    case 'google.protobuf.Duration':
      return duration(message);
    case 'google.protobuf.Struct':
      return structJson(message);
    case 'google.protobuf.Value':
      return valueJson(message);
    case 'google.protobuf.ListValue':
      return listJson(message);
    case 'google.protobuf.FieldMask':
      return ((message['paths'] ?? []) as readonly string[]).map(camelCase).join(',');
    case 'google.protobuf.Any':
      return any(descriptors, message);
    default:
      return undefined;
  }
}

function structJson(message: DecodedMessage): ExactJson {
  const object = Object.create(null) as Record<string, ExactJson>;
  for (const [key, value] of mapEntries(message['fields'])) {
    object[key] = valueJson((value ?? {}) as DecodedMessage);
  }
  return object;
}

function listJson(message: DecodedMessage): ExactJson {
  return ((message['values'] ?? []) as readonly DecodedMessage[]).map(valueJson);
}

function valueJson(message: DecodedMessage): ExactJson {
  const { struct_value: struct, list_value: list, number_value: number } = message;
  if (struct !== undefined) return structJson(struct as DecodedMessage);
  if (list !== undefined) return listJson(list as DecodedMessage);
  if (number !== undefined) return scalarJson('TYPE_DOUBLE', number);
  return (message['string_value'] ?? message['bool_value'] ?? null) as ExactJson;
}

function parts(message: DecodedMessage): readonly [seconds: bigint, nanos: number] {
  return [BigInt((message['seconds'] ?? '0') as string), (message['nanos'] ?? 0) as number];
}

/** Years 1 to 9999, with 0, 3, 6 or 9 digits of a second. */
function timestamp(message: DecodedMessage): string {
  const [seconds, nanos] = parts(message);
  const inRange = seconds >= -62_135_596_800n && seconds <= 253_402_300_799n && nanos >= 0 && nanos < 1e9;
  if (!inRange) throw new PortreeveError('PDP_INPUT_MALFORMED', 'a time that RFC 3339 cannot hold');
  return formatInstant(Number(seconds) * 1000).replace(/(\.\d+)?Z$/, `${fraction(nanos)}Z`);
}

function duration(message: DecodedMessage): string {
  const [seconds, nanos] = parts(message);
  const sign = seconds < 0n || nanos < 0 ? '-' : '';
  return `${sign}${seconds < 0n ? -seconds : seconds}${fraction(Math.abs(nanos))}s`;
}

function fraction(nanos: number): string {
  if (nanos === 0) return '';
  return `.${String(nanos)
    .padStart(9, '0')
    .replace(/(?:000){1,2}$/, '')}`;
}

function camelCase(path: string): string {
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The message within, with its type; one that has a form of its own under `value`. */
function any(descriptors: Descriptors, message: DecodedMessage): ExactJson {
  const url = message['type_url'] ?? '';
  if (typeof url !== 'string') throw new PortreeveError('PDP_INPUT_MALFORMED', 'an Any without a type');
  if (url === '') return {};
  const fullName = url.slice(url.lastIndexOf('/') + 1);
  const decoded = descriptors.decode(fullName, (message['value'] ?? new Uint8Array()) as Uint8Array);
  const known = wellKnownJson(descriptors, fullName, decoded);
  if (known !== undefined) return { '@type': url, value: known };
  return { '@type': url, ...(messageJson(descriptors, fullName, decoded) as Record<string, ExactJson>) };
}
