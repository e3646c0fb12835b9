/**
 * An HTTP/2 client that sends the bytes that it is told to, over TCP or TLS, and tells which frames and what end came
 * back. It answers nothing by itself unless `polite`: SETTINGS and PING then get their acknowledgement.
 */
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { createFrameReader, flag, frameType, ping, preface, settings, settingsAck } from './http2-frames.ts';
import type { Frame } from './http2-frames.ts';

export interface RawHttp2 {
  readonly socket: Socket;
  /** What came, in order; empty where `keep` is off. */
  readonly frames: readonly Frame[];
  /** Code of the GOAWAY that came; undefined as long as none has. */
  goaway(): number | undefined;
  /** Codes of the RST_STREAM frames that came, by stream. */
  readonly resets: ReadonlyMap<number, number>;
  /** Whether the connection is at its end. */
  closed(): boolean;
  readonly ended: Promise<void>;
  /** Writes, and waits while the other side does not read; resolves also once the connection is at its end. */
  send(bytes: Uint8Array): Promise<void>;
}

export interface RawHttp2Options {
  readonly tls?: ConnectionOptions;
  /** Address of ours that it comes from. */
  readonly localAddress?: string;
  /** Sends preface and SETTINGS, and acknowledges those of the server and its PINGs (the default). */
  readonly polite?: boolean;
  /** Values of the SETTINGS that are sent first. */
  readonly settings?: readonly (readonly [id: number, value: number])[];
  /** Keeps the frames that came (the default). */
  readonly keep?: boolean;
}

interface Test {
  teardown(step: () => unknown): void;
}

/** Connects to `host:port`; ended with the test. Rejects where no connection, or no TLS, comes about. */
export async function rawHttp2(t: Test, address: string, options: RawHttp2Options = {}): Promise<RawHttp2> {
  const { polite = true, keep = true } = options;
  const socket = await connected(address, options);
  t.teardown(() => socket.destroy());
  const frames: Frame[] = [];
  const resets = new Map<number, number>();
  let goaway: number | undefined;
  let closed = false;
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      closed = true;
      socket.destroy();
      resolve();
    };
    for (const event of ['end', 'close', 'error']) socket.on(event, end);
  });
  const write = (bytes: Uint8Array): void => {
    if (!socket.destroyed) socket.write(bytes);
  };
  const read = createFrameReader((frame) => {
    if (keep) frames.push(frame);
    if (frame.type === frameType.goaway) goaway = frame.payload.readUInt32BE(4);
    if (frame.type === frameType.rstStream) resets.set(frame.stream, frame.payload.readUInt32BE(0));
    if (!polite || (frame.flags & flag.ack) !== 0) return;
    if (frame.type === frameType.settings) write(settingsAck);
    if (frame.type === frameType.ping) write(ping(true, frame.payload));
  });
  socket.on('data', read);
  if (polite) write(Buffer.concat([preface, settings(options.settings)]));
  return {
    socket,
    frames,
    resets,
    goaway: () => goaway,
    closed: () => closed,
    ended,
    send: async (bytes) => {
      if (socket.destroyed || socket.write(bytes)) return;
      const drained = new Promise((resolve) => socket.once('drain', resolve));
      await Promise.race([drained, ended]);
    },
  };
}

function connected(address: string, { tls, localAddress }: RawHttp2Options): Promise<Socket> {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  return new Promise((resolve, reject) => {
    const to = { host, port: Number(port), ...(localAddress !== undefined && { localAddress }) };
    const socket: Socket = tls
      ? connectTls({ ...to, ALPNProtocols: ['h2'], ...tls }, () => resolve(socket))
      : connectTcp(to, () => resolve(socket));
    socket.once('error', reject);
  });
}
