import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import type { SinkConfig } from '../../config/types.ts';
import { parseAddress } from '../listen/address.ts';
import { asUnavailable, unavailable } from '../sources/failures.ts';
import { aboutOf } from './about.ts';
import { inSlices } from './batch.ts';
import { messageOf, stubOf } from './message.ts';
import { syslogFrame } from './syslog-message.ts';
import type { Delivery, SinkEntry } from './types.ts';

/**
 * A syslog server by TLS. Syslog has no word for "received", so each batch has a connection of its own: it counts as taken
 * once the server has read to our end and then ended the connection itself, in order. A server that dies with bytes unread
 * breaks the connection, and the batch is sent again.
 */
export function syslogDelivery(config: SinkConfig, to: string, own: string = hostname()): Delivery {
  return {
    limits: { entries: 2048, bytes: 8_388_608 },
    deliver: async (batch, signal) => {
      const frames: Buffer[] = [];
      for await (const frame of inSlices(batch, (entry) => frameOf(entry, config, own))) frames.push(frame);
      await exchange(config, to, { frames, signal });
      return { rejected: 0 };
    },
    close: () => Promise.resolve(),
  };
}

interface Exchange {
  readonly frames: readonly Buffer[];
  readonly signal: AbortSignal;
}

/** Most bytes of a frame before its text: names of 255 and 32 characters, and fields of RFC 5424 around them. */
const roomOfHeader = 512;

function frameOf(entry: SinkEntry, config: SinkConfig, own: string): Buffer {
  const { facility, format, max_message: most } = config;
  const about = aboutOf(entry.bytes);
  const header = { facility, hostname: own, index: entry.index, about };
  const frame = syslogFrame(header, messageOf(entry, format));
  return frame.byteLength <= most ? frame : syslogFrame(header, stubOf(entry, format, most - roomOfHeader));
}

async function exchange(config: SinkConfig, to: string, { frames, signal }: Exchange): Promise<void> {
  const options = await optionsOf(config, to);
  if (signal.aborted) throw unavailable(`${to}: stopped`);
  const done = Promise.withResolvers<void>();
  const socket = connect(options);
  const fail = (thrown: unknown): void => {
    done.reject(asUnavailable(thrown, to));
    socket.destroy();
  };
  const stopped = (): void => fail(unavailable(`${to}: stopped`));
  const late = setTimeout(
    () => fail(unavailable(`${to}: took longer than ${config.timeout} ms`)),
    config.timeout,
  );
  signal.addEventListener('abort', stopped, { once: true });
  let ours = false;
  let theirs = false;
  socket.on('error', fail);
  socket.on('end', () => {
    if (!ours) return fail(unavailable(`${to}: ended the connection before it had everything`));
    theirs = true;
  });
  socket.on('close', () => {
    if (ours && theirs) done.resolve();
    else fail(unavailable(`${to}: broke the connection`));
  });
  // Nothing is expected; but an end is seen by reading alone.
  socket.resume();
  socket.once('secureConnect', () => {
    void write(socket, frames, () => (ours = true)).catch(fail);
  });
  try {
    await done.promise;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', stopped);
  }
}

/** Writes no faster than the other side reads. */
async function write(socket: TLSSocket, frames: readonly Buffer[], onLast: () => void): Promise<void> {
  for (const frame of frames) {
    if (socket.destroyed) return;
    if (!socket.write(frame)) await drained(socket);
  }
  socket.end(onLast);
}

/** Waits until more may be written, or never will be. */
function drained(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      socket.off('drain', go).off('close', go);
      resolve();
    };
    socket.on('drain', go).on('close', go);
  });
}

/** Each handshake is a whole one: a session that is taken up again would outlive the trust in its server. */
async function optionsOf({ ca, certificate, key }: SinkConfig, to: string): Promise<ConnectionOptions> {
  const address = parseAddress(to);
  if (address.kind !== 'tcp') throw unavailable(`${to}: is no host and port`);
  const { host, port } = address;
  return {
    ...{ host, port, minVersion: 'TLSv1.2', rejectUnauthorized: true },
    // Names alone may be told (RFC 6066 section 3).
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== null && { ca: await readFile(ca) }),
    ...(certificate !== null && { cert: await readFile(certificate) }),
    ...(key !== null && { key: await readFile(key) }),
  };
}
