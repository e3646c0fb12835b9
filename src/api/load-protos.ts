import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import type { MessageTypeDefinition, PackageDefinition } from '@grpc/proto-loader';
import { PortreeveError } from '../lib/errors.ts';

/** The package's `proto/` folder: two folders up from this file, in the sources as in `dist/`. */
export const protoFolder: string = fileURLToPath(new URL('../../proto/', import.meta.url));

export const serviceNames = {
  extAuthz: 'envoy.service.auth.v3.Authorization',
  decision: 'portreeve.v1.DecisionService',
} as const;

let loaded: PackageDefinition | undefined;

/**
 * Our protos, read once. Field names stay as in the files, 64-bit integers are strings, enums their names; what is
 * absent stays absent.
 */
export function loadProtos(): PackageDefinition {
  loaded ??= loadSync(['envoy/service/auth/v3/external_auth.proto', 'portreeve/v1/decision.proto'], {
    includeDirs: [protoFolder],
    keepCase: true,
    longs: String,
    enums: String,
  });
  return loaded;
}

/** Encoder and decoder of one message type, e.g. `portreeve.v1.DecideRequest`. */
export interface MessageCodec<Message> {
  /** Throws for bytes that are no such message. */
  decode(bytes: Uint8Array): Message;
  encode(message: Message): Buffer;
}

/** The codec of a message by its full name. Throws PDP_INTERNAL for a name that our protos do not have. */
export function messageCodec<Message extends object>(name: string): MessageCodec<Message> {
  const definition = loadProtos()[name];
  if (definition === undefined || definition.format !== 'Protocol Buffer 3 DescriptorProto') {
    throw new PortreeveError('PDP_INTERNAL', `no message ${name} in the protos`);
  }
  const { serialize, deserialize } = definition as unknown as MessageTypeDefinition<Message, Message>;
  return {
    decode: (bytes) => deserialize(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
    encode: (message) => serialize(message),
  };
}
