import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { LineCutter } from '../audit/line-block.ts';
import type { LineBlock } from '../audit/line-block.ts';
import { PortreeveError, describeThrown } from '../lib/errors.ts';

/** The descriptor under which a worker finds the pipe, after the standard streams and the channel. */
export const recordPipeFd = 4;

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
        socket.write(`${lines.join('\n')}\n`, 'utf8', (error) => {
          if (error) reject(brokenPipe(error));
          else resolve();
        });
      }),
  };
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
