/**
 * gRPC as bytes on an HTTP/2 connection, for requests that no gRPC client would send: messages of any length or in
 * pieces, headers of any content and number. Tells what came back, errors of every layer included.
 */
import { connect } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { messageCodec, serviceNames } from '../../src/api/load-protos.ts';

export interface RawAnswer {
  /** gRPC status of the call; null where the stream ended without one. */
  readonly grpcStatus: number | null;
  readonly grpcMessage: string;
  readonly httpStatus: number | null;
  /** The first message, without its frame. */
  readonly message: Buffer | null;
  /** Why the stream broke off, where it did. */
  readonly broken: string | null;
}

export interface RawCall {
  readonly path?: string;
  /** Pieces of the body as they are sent, one after another. */
  readonly body: readonly Uint8Array[];
  readonly headers?: OutgoingHttpHeaders;
  /** Between headers and body (ms). */
  readonly pauseMs?: number;
}

interface Test {
  teardown(step: () => unknown): void;
}

export interface RawClient {
  call(call: RawCall): Promise<RawAnswer>;
}

export const checkPath = `/${serviceNames.extAuthz}/Check`;
export const decidePath = `/${serviceNames.decision}/Decide`;

/** One connection to `host:port`, ended with the test; `window`: bytes that may come unread, HTTP/2's own where it is not given. */
export function rawClient(t: Test, address: string, window?: number): RawClient {
  const session = connect(
    `http://${address}`,
    window === undefined ? {} : { settings: { initialWindowSize: window } },
  );
  if (window !== undefined) session.once('connect', () => session.setLocalWindowSize(window));
  session.on('error', () => undefined);
  t.teardown(() => session.destroy());
  return { call: (call) => ask(session, call) };
}

/** A message in its gRPC frame: not compressed unless the flag says so. */
export function framed(message: Uint8Array, compressed = false): Buffer {
  const frame = Buffer.alloc(5);
  frame.writeUInt8(compressed ? 1 : 0, 0);
  frame.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([frame, message]);
}

/** A message of our protos in its frame. */
export function framedMessage(type: string, message: object): Buffer {
  return framed(messageCodec<object>(type).encode(message));
}

/** What an answer says, as one of our protos' messages; throws where there is none. */
export function readAnswer<T extends object>(answer: RawAnswer, type: string): T {
  if (answer.message === null) throw new Error(`no message: ${JSON.stringify(answer)}`);
  return messageCodec<T>(type).decode(answer.message);
}

async function ask(session: ClientHttp2Session, call: RawCall): Promise<RawAnswer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': call.path ?? checkPath,
    'content-type': 'application/grpc+proto',
    te: 'trailers',
    ...call.headers,
  });
  const parts: Buffer[] = [];
  let headers: IncomingHttpHeaders & { ':status'?: number } = {};
  let trailers: IncomingHttpHeaders = {};
  let broken: string | null = null;
  stream.on('response', (came) => (headers = came));
  stream.on('trailers', (came) => (trailers = came));
  stream.on('data', (chunk: Buffer) => parts.push(chunk));
  stream.on('error', (error) => (broken = error.message));
  const ended = new Promise<void>((resolve) => stream.once('close', resolve));
  if (call.pauseMs !== undefined) await new Promise((resolve) => setTimeout(resolve, call.pauseMs));
  for (const piece of call.body) if (stream.writable) stream.write(piece);
  if (stream.writable) stream.end();
  await ended;
  const bytes = Buffer.concat(parts);
  const status = trailers['grpc-status'] ?? headers['grpc-status'];
  return {
    grpcStatus: status === undefined ? null : Number(status),
    grpcMessage: String(trailers['grpc-message'] ?? headers['grpc-message'] ?? ''),
    httpStatus: headers[':status'] ?? null,
    message: bytes.byteLength >= 5 ? bytes.subarray(5, 5 + bytes.readUInt32BE(1)) : null,
    broken,
  };
}
