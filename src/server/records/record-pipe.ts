import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LineCutter } from '../../audit/line-block.ts';
import type { LineBlock } from '../../audit/line-block.ts';
import { release } from '../../lib/bytes.ts';
import { PortreeveError, describeThrown } from '../../lib/errors.ts';
import type { Written } from './waiting.ts';

/** The descriptor under which a worker finds the pipe, after the standard streams and the channel. */
export const recordPipeFd = 4;

/**
 * Bytes of an acknowledgement: how many bytes of the pipe stand in the log so far, unsigned, little-endian. With the highest
 * bit set it says that the line which ends there does not, because the log does not take it; all others before it do, but
 * for those of which this was said. What follows is never acknowledged before that is.
 */
const ackBytes = 8;
const refusedBit = 1n << 63n;

/** The worker's end: records leave as the bytes that stand in the log, and are not packed into messages. */
export interface RecordPipe {
  /**
   * Sends whole lines in one go; `left` is called once their bytes are needed no more. Resolves once the parent has
   * acknowledged that they stand in the log, in the order of the calls; rejects with PDP_CHANNEL_BROKEN, and with
   * PDP_LIMIT_EXCEEDED where the log has taken all but a line that is too long for it.
   */
  send(bytes: Buffer, left?: () => void): Promise<void>;
}

interface Unacknowledged {
  /** Where in the pipe its first byte is, and where its last one ends. */
  readonly begin: number;
  readonly end: number;
  readonly resolve: () => void;
  readonly reject: (error: PortreeveError) => void;
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
  /** Takes out what ends no later than there. */
  const until = (place: number): readonly Unacknowledged[] => {
    const still = waiting.findIndex(({ end }) => end > place);
    return waiting.splice(0, still < 0 ? waiting.length : still);
  };
  readAcknowledgements(stream, {
    written: (place) => {
      for (const one of until(place)) one.resolve();
    },
    refused: (place) => {
      // What ends before the line does is whole; where another line of the same call was refused, it is gone already.
      for (const one of until(place - 1)) one.resolve();
      const [of] = waiting;
      if (of && of.begin < place) waiting.shift()?.reject(refusedLine());
    },
  });
  return {
    send: (bytes, left) =>
      new Promise((resolve, reject) => {
        const begin = sent;
        sent += bytes.byteLength;
        waiting.push({ begin, end: sent, resolve, reject });
        stream.write(bytes, (error) => {
          left?.();
          if (error) reject(brokenPipe(error));
        });
      }),
  };
}

/** Each acknowledgement covers all before it, so that of several at once the last one counts, and each that refuses a line. */
function readAcknowledgements(
  stream: Duplex,
  on: { readonly written: (place: number) => void; readonly refused: (place: number) => void },
): void {
  let rest = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    const bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.byteLength - (bytes.byteLength % ackBytes);
    rest = Buffer.from(bytes.subarray(whole));
    let written: bigint | undefined;
    for (let at = 0; at < whole; at += ackBytes) {
      const said = bytes.readBigUInt64LE(at);
      if (said < refusedBit) written = said;
      else on.refused(Number(said - refusedBit));
    }
    if (written !== undefined) on.written(Number(written));
  });
}

/**
 * The parent's end: hands whole lines on, with what is to be called once they stand in the log: blocks in the order in
 * which they came. The last line of a worker that was killed while it wrote is none.
 */
export function readRecordPipe(stream: Duplex, onLines: (block: LineBlock, written: Written) => void): void {
  const cutter = new LineCutter();
  const acknowledge = acknowledging(stream);
  let received = 0;
  stream.on('data', (chunk: Buffer) => {
    const block = cutter.cut(chunk);
    // Before the collector would see it: many times what lives in this process passes through it every second.
    release(chunk);
    if (!block) return;
    const begin = received;
    const end = (received += block.bytes.byteLength);
    onLines(block, (refused) => {
      refused?.forEach((place) => refuse(stream, begin + place));
      acknowledge(end);
    });
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
    say(stream, BigInt(written));
  };
  return (end) => {
    written = end;
    if (due) return;
    due = true;
    queueMicrotask(tell);
  };
}

/** At once: an acknowledgement that is still due comes after it, and goes no further than it may. */
function refuse(stream: Duplex, place: number): void {
  say(stream, BigInt(place) | refusedBit);
}

function say(stream: Duplex, acknowledgement: bigint): void {
  if (!stream.writable) return;
  const bytes = Buffer.allocUnsafe(ackBytes);
  bytes.writeBigUInt64LE(acknowledgement);
  stream.write(bytes);
}

function refusedLine(): PortreeveError {
  return new PortreeveError('PDP_LIMIT_EXCEEDED', 'a record is longer than the log takes');
}

function brokenPipe(cause: Error): PortreeveError {
  return new PortreeveError('PDP_CHANNEL_BROKEN', `records not sent: ${describeThrown(cause)}`, { cause });
}
