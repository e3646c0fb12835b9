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
  readonly service?: readonly {
    readonly name: string;
    readonly method?: readonly {
      readonly name: string;
      readonly inputType: string;
      readonly clientStreaming?: boolean;
    }[];
  }[];
}

interface MessageDescriptor {
  readonly name: string;
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
  const requests = new Map<string, string>();
  for (const file of files) {
    const scope = file.package ? `${file.package}.` : '';
    for (const message of file.messageType ?? [])
      describe(scope, message, file.syntax !== 'proto3', messages);
    for (const { name, method = [] } of file.service ?? []) {
      for (const { name: called, inputType, clientStreaming } of method) {
        if (!clientStreaming) requests.set(`${scope}${name}/${called}`, inputType.replace(/^\./, ''));
      }
    }
  }
  const definitions = loadFileDescriptorSetFromBuffer(bytes, options);
  return { messages, requests, decode: (fullName, message) => decode(definitions, fullName, message) };
}

function fileDescriptors(bytes: Buffer): readonly FileDescriptor[] {
  const ours = loadSync('google/protobuf/descriptor.proto', { ...options, keepCase: false });
  const set = decode(ours, 'google.protobuf.FileDescriptorSet', bytes);
  return (set['file'] ?? []) as readonly FileDescriptor[];
}

function describe(
  scope: string,
  { name, field = [], nestedType = [], options: told }: MessageDescriptor,
  proto2: boolean,
  messages: Map<string, DescribedMessage>,
): void {
  const fields = field.map((one): DescribedField => ({
    name: one.name,
    jsonName: one.jsonName ?? one.name,
    type: one.type,
    typeName: (one.typeName ?? '').replace(/^\./, ''),
    repeated: one.label === 'LABEL_REPEATED',
    // An `optional` of proto3 is a oneof of its own.
    explicit: proto2 || one.type === 'TYPE_MESSAGE' || one.oneofIndex !== undefined,
  }));
  messages.set(`${scope}${name}`, {
    fields: new Map(fields.map((one) => [one.name, one])),
    mapEntry: told?.mapEntry === true,
  });
  for (const nested of nestedType) describe(`${scope}${name}.`, nested, proto2, messages);
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
