import type { ExactJson } from '../../../lib/exact-json.ts';
import { PortreeveError } from '../../../lib/errors.ts';
import { mapEntries } from './descriptors.ts';
import type { DescribedField, Descriptors } from './descriptors.ts';
import { wellKnownJson } from './proto-json-well-known.ts';

type Members = Record<string, ExactJson>;
export type DecodedMessage = Readonly<Record<string, unknown>>;

/**
 * A decoded message in protobuf's JSON mapping (https://protobuf.dev/programming-guides/json): populated fields by
 * their JSON names, 64-bit integers as texts, enums by name, bytes in base64, well-known types in their own forms.
 * Throws PDP_INPUT_MALFORMED for what has no such form.
 */
export function messageJson(descriptors: Descriptors, fullName: string, message: DecodedMessage): ExactJson {
  const known = wellKnownJson(descriptors, fullName, message);
  if (known !== undefined) return known;
  const json = Object.create(null) as Members;
  for (const [name, value] of Object.entries(message)) {
    const field = descriptors.messages.get(fullName)?.fields.get(name);
    if (field && isPopulated(field, value)) json[field.jsonName] = fieldJson(descriptors, field, value);
  }
  return json;
}

function isPopulated({ repeated, explicit, type }: DescribedField, value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (repeated || explicit) return true;
  if (type === 'TYPE_BYTES') return (value as Uint8Array).byteLength > 0;
  return value !== '' && value !== false && value !== 0 && value !== '0';
}

function fieldJson(descriptors: Descriptors, field: DescribedField, value: unknown): ExactJson {
  const entry = field.type === 'TYPE_MESSAGE' ? descriptors.messages.get(field.typeName) : undefined;
  if (entry?.mapEntry) {
    const map = Object.create(null) as Members;
    const valueField = entry.fields.get('value') as DescribedField;
    for (const [key, one] of mapEntries(value)) {
      const name = key === '' ? initialKey(entry.fields.get('key')) : key;
      map[name] =
        one === undefined ? initialJson(descriptors, valueField) : oneJson(descriptors, valueField, one);
    }
    return map;
  }
  if (field.repeated) return (value as unknown[]).map((one) => oneJson(descriptors, field, one));
  return oneJson(descriptors, field, value);
}

/** An entry leaves out a key or value that is its type's first. */
function initialKey(field: DescribedField | undefined): string {
  if (field?.type === 'TYPE_STRING') return '';
  return field?.type === 'TYPE_BOOL' ? 'false' : '0';
}

function initialJson(descriptors: Descriptors, field: DescribedField): ExactJson {
  if (field.type === 'TYPE_MESSAGE') return messageJson(descriptors, field.typeName, {});
  if (field.type === 'TYPE_ENUM') return descriptors.enums.get(field.typeName) ?? 0;
  if (field.type === 'TYPE_STRING' || field.type === 'TYPE_BYTES') return '';
  if (field.type === 'TYPE_BOOL') return false;
  return field.type.endsWith('64') ? '0' : 0;
}

function oneJson(descriptors: Descriptors, { type, typeName }: DescribedField, value: unknown): ExactJson {
  if (type === 'TYPE_MESSAGE' || type === 'TYPE_GROUP') {
    return messageJson(descriptors, typeName, value as DecodedMessage);
  }
  if (type === 'TYPE_ENUM')
    return typeName === 'google.protobuf.NullValue' ? null : (value as string | number);
  return scalarJson(type, value);
}

/** A scalar of a type of `google.protobuf.FieldDescriptorProto.Type`. */
export function scalarJson(type: string, value: unknown): ExactJson {
  if (type === 'TYPE_BYTES') return Buffer.from(value as Uint8Array).toString('base64');
  if (type === 'TYPE_FLOAT') return floating(shortest(value as number));
  if (type === 'TYPE_DOUBLE') return floating(value as number);
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  throw new PortreeveError('PDP_INPUT_MALFORMED', `a value of ${type} has no JSON form`);
}

/** JSON has no such numbers; the mapping has them as texts. */
function floating(value: number): ExactJson {
  return Number.isFinite(value) ? value : String(value);
}

/** The number of fewest digits that is this one in 32 bits: 1.23 and not 1.2300000190734863. */
function shortest(value: number): number {
  for (let digits = 1; digits < 10; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return value;
}
