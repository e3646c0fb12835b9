import protobuf from 'protobufjs';

/** A DecideBatchRequest of connections that are bytes already, whether or not they are requests. */
export function batchBytes(items: readonly Uint8Array[]): Buffer {
  const writer = protobuf.Writer.create();
  for (const item of items) writer.uint32((1 << 3) | 2).bytes(item);
  return Buffer.from(writer.finish());
}
