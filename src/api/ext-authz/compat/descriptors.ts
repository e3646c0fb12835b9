import { loadFileDescriptorSetFromBuffer, loadSync } from '@grpc/proto-loader';
import type { MessageTypeDefinition, PackageDefinition } from '@grpc/proto-loader';
import { PortreeveError } from '../../../lib/errors.ts';

/** One field of a described message. */
export interface DescribedField {
  readonly name: string;
  readonly jsonName: string;
  /** As in `google.protobuf.FieldDescriptorProto.Type`. */
  readonly type: string;
  /** Full name of the field's message or enum, for those types. */
  readonly typeName: string;
  readonly repeated: boolean;
  /** Whether its first value differs from not being there. */
  readonly explicit: boolean;
}

export interface DescribedMessage {
  readonly fields: ReadonlyMap<string, DescribedField>;
  readonly mapEntry: boolean;
}

/** What a descriptor set describes, by full names. */
export interface Descriptors {
  readonly messages: ReadonlyMap<string, DescribedMessage>;
  /** The name of each enum's first value. */
  readonly enums: ReadonlyMap<string, string>;
  /** By `package.Service/Method`, of calls whose client does not stream: the full name of what is sent. */
  readonly requests: ReadonlyMap<string, string>;
  /** The fields that a message's bytes hold, by the names in the descriptors. Throws for bytes that are none. */
  decode(fullName: string, bytes: Uint8Array): Readonly<Record<string, unknown>>;
}

/** `google/protobuf/descriptor.proto`, as far as it is read here. */
interface FileDescriptor {
  readonly package?: string;
  readonly syntax?: string;
  readonly messageType?: readonly MessageDescriptor[];
  readonly enumType?: readonly EnumDescriptor[];
  readonly service?: readonly {
    readonly name: string;
    readonly method?: readonly {
      readonly name: string;
      readonly inputType: string;
      readonly clientStreaming?: boolean;
    }[];
  }[];
}

interface EnumDescriptor {
  readonly name: string;
  readonly value?: readonly { readonly name: string; readonly number?: number }[];
}

interface MessageDescriptor {
  readonly name: string;
  readonly enumType?: readonly EnumDescriptor[];
  readonly field?: readonly {
    readonly name: string;
    readonly label: string;
    readonly type: string;
    readonly typeName?: string;
    readonly oneofIndex?: number;
    readonly jsonName?: string;
  }[];
  readonly nestedType?: readonly MessageDescriptor[];
  readonly options?: { readonly mapEntry?: boolean };
}

const options = { keepCase: true, longs: String, enums: String } as const;

/** Reads a `FileDescriptorSet`. Throws what the loader throws for bytes that are none, or name types that are not in it. */
export function readDescriptors(bytes: Buffer): Descriptors {
  const files = fileDescriptors(bytes);
  const messages = new Map<string, DescribedMessage>();
  const enums = new Map<string, string>();
  const requests = new Map<string, string>();
  for (const file of files) {
    const scope = file.package ? `${file.package}.` : '';
    describeEnums(scope, file.enumType, enums);
    for (const message of file.messageType ?? []) {
      describe(scope, message, { proto2: file.syntax !== 'proto3', messages, enums });
    }
    for (const { name, method = [] } of file.service ?? []) {
      for (const { name: called, inputType, clientStreaming } of method) {
        if (!clientStreaming) requests.set(`${scope}${name}/${called}`, inputType.replace(/^\./, ''));
      }
    }
  }
  const definitions = loadFileDescriptorSetFromBuffer(bytes, options);
  return { messages, enums, requests, decode: (fullName, message) => decode(definitions, fullName, message) };
}

function fileDescriptors(bytes: Buffer): readonly FileDescriptor[] {
  const ours = loadSync('google/protobuf/descriptor.proto', { ...options, keepCase: false });
  const set = decode(ours, 'google.protobuf.FileDescriptorSet', bytes);
  return (set['file'] ?? []) as readonly FileDescriptor[];
}

interface Described {
  readonly proto2: boolean;
  readonly messages: Map<string, DescribedMessage>;
  readonly enums: Map<string, string>;
}

function describe(scope: string, message: MessageDescriptor, into: Described): void {
  const { name, field = [], nestedType = [], enumType, options: told } = message;
  const fields = field.map((one): DescribedField => ({
    name: one.name,
    jsonName: one.jsonName ?? one.name,
    type: one.type,
    typeName: (one.typeName ?? '').replace(/^\./, ''),
    repeated: one.label === 'LABEL_REPEATED',
    // An `optional` of proto3 is a oneof of its own.
    explicit: into.proto2 || one.type === 'TYPE_MESSAGE' || one.oneofIndex !== undefined,
  }));
  into.messages.set(`${scope}${name}`, {
    fields: new Map(fields.map((one) => [one.name, one])),
    mapEntry: told?.mapEntry === true,
  });
  describeEnums(`${scope}${name}.`, enumType, into.enums);
  for (const nested of nestedType) describe(`${scope}${name}.`, nested, into);
}

function describeEnums(
  scope: string,
  described: readonly EnumDescriptor[] = [],
  enums: Map<string, string>,
): void {
  for (const { name, value = [] } of described) {
    const first = value.find(({ number = 0 }) => number === 0);
    if (first) enums.set(`${scope}${name}`, first.name);
  }
}

function decode(
  definitions: PackageDefinition,
  fullName: string,
  bytes: Uint8Array,
): Readonly<Record<string, unknown>> {
  const definition = Object.hasOwn(definitions, fullName) ? definitions[fullName] : undefined;
  if (definition === undefined || !('deserialize' in definition)) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', `no message ${fullName} is described`);
  }
  const { deserialize } = definition as unknown as MessageTypeDefinition<object, object>;
  return deserialize(Buffer.from(bytes)) as Readonly<Record<string, unknown>>;
}

/**
 * Keys and values of a map as the loader gives it: an object by the sources of a message, a list of entries by its
 * descriptor.
 */
export function mapEntries(map: unknown): readonly (readonly [key: string, value: unknown])[] {
  if (!Array.isArray(map)) return Object.entries(map ?? {});
  const entries = map as readonly { readonly key?: unknown; readonly value?: unknown }[];
  return entries.map(({ key, value }) => [key === undefined ? '' : String(key as string | number), value]);
}
