import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LineCutter } from '../../audit/line-block.ts';
import type { LineBlock } from '../../audit/line-block.ts';
import { release } from '../../lib/bytes.ts';
import { PortreeveError, describeThrown } from '../../lib/errors.ts';

/** The descriptor under which a worker finds the pipe, after the standard streams and the channel. */
export const recordPipeFd = 4;

/** Bytes of an acknowledgement: how many bytes of the pipe stand in the log so far, unsigned, little-endian. */
const ackBytes = 8;

/** The worker's end: records leave as the bytes that stand in the log, and are not packed into messages. */
export interface RecordPipe {
  /**
   * Sends whole lines in one go; `left` is called once their bytes are needed no more. Resolves once the parent has
   * acknowledged that they stand in the log, in the order of the calls; rejects with PDP_CHANNEL_BROKEN.
   */
  send(bytes: Buffer, left?: () => void): Promise<void>;
}

interface Unacknowledged {
  /** Where in the pipe its last byte is. */
  readonly end: number;
  readonly resolve: () => void;
}

/** Opens the worker's end. `broken` is called where nobody reads any more. */
export function openRecordPipe(broken: () => void): RecordPipe {
  return recordPipeOver(new Socket({ fd: recordPipeFd, readable: true, writable: true }), broken);
}

/** The worker's end over any stream. */
export function recordPipeOver(stream: Duplex, broken: () => void): RecordPipe {
  const waiting: Unacknowledged[] = [];
  let sent = 0;
  stream.on('error', broken).on('close', broken);
  readAcknowledgements(stream, (written) => {
    const still = waiting.findIndex(({ end }) => end > written);
    for (const one of waiting.splice(0, still < 0 ? waiting.length : still)) one.resolve();
  });
  return {
    send: (bytes, left) =>
      new Promise((resolve, reject) => {
        sent += bytes.byteLength;
        waiting.push({ end: sent, resolve });
        stream.write(bytes, (error) => {
          left?.();
          if (error) reject(brokenPipe(error));
        });
      }),
  };
}

/** Each acknowledgement covers all before it, so that of several at once the last one counts. */
function readAcknowledgements(stream: Duplex, acknowledged: (written: number) => void): void {
  let rest = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    const bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.byteLength - (bytes.byteLength % ackBytes);
    rest = Buffer.from(bytes.subarray(whole));
    if (whole > 0) acknowledged(Number(bytes.readBigUInt64LE(whole - ackBytes)));
  });
}

/**
 * The parent's end: hands whole lines on, with what is to be called once they stand in the log: blocks in the order in
 * which they came. The last line of a worker that was killed while it wrote is none.
 */
export function readRecordPipe(
  stream: Duplex,
  onLines: (block: LineBlock, written: () => void) => void,
): void {
  const cutter = new LineCutter();
  const acknowledge = acknowledging(stream);
  let received = 0;
  stream.on('data', (chunk: Buffer) => {
    const block = cutter.cut(chunk);
    // Before the collector would see it: many times what lives in this process passes through it every second.
    release(chunk);
    if (!block) return;
    received += block.bytes.byteLength;
    const end = received;
    onLines(block, () => acknowledge(end));
  });
  // A worker that ends tells so by its end; what it wrote before has been read.
  stream.on('error', () => undefined);
}

/** Tells how far the log has come, once for all blocks that were written together. */
function acknowledging(stream: Duplex): (end: number) => void {
  let written = 0;
  let due = false;
  const tell = (): void => {
    due = false;
    if (!stream.writable) return;
    const bytes = Buffer.allocUnsafe(ackBytes);
    bytes.writeBigUInt64LE(BigInt(written));
    stream.write(bytes);
  };
  return (end) => {
    written = end;
    if (due) return;
    due = true;
    queueMicrotask(tell);
  };
}

function brokenPipe(cause: Error): PortreeveError {
  return new PortreeveError('PDP_CHANNEL_BROKEN', `records not sent: ${describeThrown(cause)}`, { cause });
}
