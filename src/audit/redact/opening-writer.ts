import { randomBytes } from 'node:crypto';
import { closeSync, fdatasync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import type { Opening } from './redact-record.ts';

/** Writes openings beside the log, in files of this process by day. */
export interface OpeningWriter {
  /** Takes the opening of a record that has not left yet. */
  add(opening: Opening): void;
  /**
   * Writes what was added: before its records leave, so that none stands in the log whose opening was never written.
   * Throws PDP_AUDIT_UNAVAILABLE; what was added is then forgotten, as its records are.
   */
  flush(): void;
  close(): void;
}

/** How soon what was written is made to outlast the machine's power (ms). */
const syncMs = 1000;

/** Nobody but the server and whoever reveals needs to read them. */
const fileMode = 0o600;
const folderMode = 0o700;

interface OpenFile {
  readonly day: string;
  readonly fd: number;
}

function nameOfOwn(): string {
  return randomBytes(6).toString('hex');
}

/** Appends all of it, or takes back what was written of it: texts in clear that no record hides. */
function writeWhole(fd: number, bytes: Buffer): void {
  const before = fstatSync(fd).size;
  try {
    for (let at = 0; at < bytes.byteLength;) at += writeSync(fd, bytes, at);
  } catch (thrown) {
    ftruncateSync(fd, before);
    throw thrown;
  }
}

/** Opens nothing before there is something to write. */
export function createOpeningWriter(folder: string): OpeningWriter {
  let own = nameOfOwn();
  let waiting: Opening[] = [];
  let open: OpenFile | undefined;
  let timer: NodeJS.Timeout | undefined;

  const close = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (open) closeSync(open.fd);
    open = undefined;
  };
  const fileOf = (day: string): OpenFile => {
    if (open?.day === day) return open;
    close();
    mkdirSync(folder, { recursive: true, mode: folderMode });
    open = { day, fd: openSync(join(folder, `${day}.${own}.ndjson`), 'a', fileMode) };
    return open;
  };
  const write = (openings: readonly Opening[]): void => {
    for (const [day, ones] of Map.groupBy(openings, ({ time }) => time.slice(0, 10))) {
      const bytes = Buffer.from(ones.map((one) => `${JSON.stringify(one)}\n`).join(''), 'utf8');
      const { fd } = fileOf(day);
      try {
        writeWhole(fd, bytes);
      } catch (thrown) {
        // Should part of it still stand there, the next opening must not become part of its line.
        close();
        own = nameOfOwn();
        throw thrown;
      }
      // Not waited for: an opening that is lost takes a value with it, and no record.
      timer ??= setTimeout(() => {
        timer = undefined;
        if (open) fdatasync(open.fd, () => undefined);
      }, syncMs).unref();
    }
  };
  return {
    add: (opening) => {
      waiting.push(opening);
    },
    flush: () => {
      if (waiting.length === 0) return;
      const openings = waiting;
      waiting = [];
      try {
        write(openings);
      } catch (cause) {
        const problem = `what records hide cannot be kept: ${describeThrown(cause)}`;
        throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', problem, { cause });
      }
    },
    close,
  };
}
