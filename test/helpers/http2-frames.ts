/**
 * HTTP/2 frames (RFC 9113) and header blocks (RFC 7541) as bytes, right or wrong as a test wants them: no library would
 * send what these tests send.
 */

/** Sent by every client before its first frame (RFC 9113 section 3.4). */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const frameType = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goaway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const flag = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** RFC 9113 section 6.5.2. */
export const setting = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
} as const;

/** RFC 9113 section 7. */
export const errorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  enhanceYourCalm: 0xb,
} as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A frame with its header; `length` claims another length than the payload has. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
  length = payload.byteLength,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function settings(values: readonly (readonly [id: number, value: number])[] = []): Buffer {
  const payload = Buffer.alloc(values.length * 6);
  values.forEach(([id, value], at) => {
    payload.writeUInt16BE(id, at * 6);
    payload.writeUInt32BE(value, at * 6 + 2);
  });
  return frame(frameType.settings, 0, 0, payload);
}

export const settingsAck = frame(frameType.settings, flag.ack, 0);

export function rstStream(stream: number, code: number = errorCode.cancel): Buffer {
  return frame(frameType.rstStream, 0, stream, uint32(code));
}

export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(frameType.windowUpdate, 0, stream, uint32(increment));
}

export function ping(ack = false, payload: Uint8Array = Buffer.alloc(8)): Buffer {
  return frame(frameType.ping, ack ? flag.ack : 0, 0, payload);
}

export function data(stream: number, payload: Uint8Array, end = true): Buffer {
  return frame(frameType.data, end ? flag.endStream : 0, stream, payload);
}

/** HEADERS in one frame, complete. */
export function headers(stream: number, block: Uint8Array, end = false): Buffer {
  return frame(frameType.headers, flag.endHeaders | (end ? flag.endStream : 0), stream, block);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** A header block of literals that are neither indexed nor Huffman coded (RFC 7541 section 6.2.2). */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0x00), string(name), string(value)]));
}

/** What a gRPC client sends ahead of its message, with more fields or others. */
export function grpcHeaders(path: string, more: Readonly<Record<string, string>> = {}): Buffer {
  const fields: Record<string, string> = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'pdp',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...more,
  };
  return headerBlock(Object.entries(fields));
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([integer(bytes.byteLength, 7), bytes]);
}

/** An integer with a prefix of so many bits, the bits above them 0 (RFC 7541 section 5.1). */
export function integer(value: number, prefixBits: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.of(value);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** Cuts what a server sent into frames; the rest of a frame that is not whole yet waits for the next piece. */
export function createFrameReader(onFrame: (frame: Frame) => void): (piece: Buffer) => void {
  let kept: Buffer = Buffer.alloc(0);
  return (piece) => {
    kept = kept.byteLength > 0 ? Buffer.concat([kept, piece]) : piece;
    while (kept.byteLength >= 9) {
      const end = 9 + kept.readUIntBE(0, 3);
      if (kept.byteLength < end) break;
      onFrame({
        type: kept.readUInt8(3),
        flags: kept.readUInt8(4),
        stream: kept.readUInt32BE(5) & 0x7fffffff,
        payload: kept.subarray(9, end),
      });
      kept = kept.subarray(end);
    }
  };
}
