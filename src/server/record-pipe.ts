import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { LineCutter } from '../audit/line-block.ts';
import type { LineBlock } from '../audit/line-block.ts';
import { release } from '../lib/bytes.ts';
import { PortreeveError, describeThrown } from '../lib/errors.ts';

/** The descriptor under which a worker finds the pipe, after the standard streams and the channel. */
export const recordPipeFd = 4;

const lineFeed = 0x0a;

/** The worker's end: records leave as the bytes that stand in the log, and are not packed into messages. */
export interface RecordPipe {
  /** Sends lines, which have no line feeds, in one go. Resolves once they have left this process; rejects with PDP_CHANNEL_BROKEN. */
  send(lines: readonly string[]): Promise<void>;
}

/** Opens the worker's end. `broken` is called where nobody reads any more. */
export function openRecordPipe(broken: () => void): RecordPipe {
  const socket = new Socket({ fd: recordPipeFd, readable: false, writable: true });
  socket.on('error', broken).on('close', broken);
  return {
    send: (lines) =>
      new Promise((resolve, reject) => {
        const bytes = joined(lines);
        socket.write(bytes, (error) => {
          release(bytes);
          if (error) reject(brokenPipe(error));
          else resolve();
        });
      }),
  };
}

function joined(lines: readonly string[]): Buffer {
  let length = lines.length;
  for (const line of lines) length += Buffer.byteLength(line, 'utf8');
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const line of lines) {
    at += bytes.write(line, at, 'utf8');
    bytes[at++] = lineFeed;
  }
  return bytes;
}

/** The parent's end: hands whole lines on. The last line of a worker that was killed while it wrote is none. */
export function readRecordPipe(stream: Readable, onLines: (block: LineBlock) => void): void {
  const cutter = new LineCutter();
  stream.on('data', (chunk: Buffer) => {
    const block = cutter.cut(chunk);
    if (block) onLines(block);
  });
  // A worker that ends tells so by its end; what it wrote before has been read.
  stream.on('error', () => undefined);
}

function brokenPipe(cause: Error): PortreeveError {
  return new PortreeveError('PDP_CHANNEL_BROKEN', `records not sent: ${describeThrown(cause)}`, { cause });
}
