import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import type { LogFiles } from '../tlog/log-files.ts';

const inflate = promisify(inflateRaw);

/** Bytes of an archive, wherever they are. */
export interface ArchiveBytes {
  readonly size: number;
  read(at: number, length: number): Promise<Buffer>;
}

/** The files of a zip archive. */
export interface ZipFiles extends LogFiles {
  readonly names: readonly string[];
}

interface Member {
  readonly method: number;
  readonly packed: number;
  readonly unpacked: number;
  /** CRC-32 of what it unpacks to. */
  readonly sum: number;
  readonly at: number;
}

/** Bytes of the directory's end: its record of 22, a comment of at most 65,535, and what zip64 puts before it. */
const mostEnd = 22 + 65_535 + 20;
const mostDirectory = 256 * 1024 * 1024;
const mostMember = 2 ** 31 - 1;

/** An archive's file on the disk, read in pieces. */
export function archiveFile(path: string, size: number): ArchiveBytes {
  return {
    size,
    read: async (at, length) => {
      const file = await open(path, 'r');
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}

/** An archive that was fetched. */
export function archiveBytes(bytes: Uint8Array): ArchiveBytes {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { size: all.byteLength, read: (at, length) => Promise.resolve(all.subarray(at, at + length)) };
}

/**
 * Opens a zip archive (APPNOTE 6.3.10; stored and deflated members, zip64). `read` unpacks a member, and is undefined for
 * a name that is not there. Throws PDP_INPUT_MALFORMED naming the archive for what is none, or has a name twice, and
 * `read` for a member that is damaged.
 */
export async function openZip(name: string, archive: ArchiveBytes): Promise<ZipFiles> {
  try {
    const members = await readDirectory(archive);
    return {
      names: [...members.keys()],
      read: async (path) => {
        const member = members.get(path);
        return member && (await named(`${name}: ${path}`, () => unpack(archive, member)));
      },
    };
  } catch (thrown) {
    throw malformed(name, thrown);
  }
}

async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw malformed(name, thrown);
  }
}

async function readDirectory(archive: ArchiveBytes): Promise<ReadonlyMap<string, Member>> {
  const length = Math.min(archive.size, mostEnd);
  const tail = await archive.read(archive.size - length, length);
  const end = tail.lastIndexOf(Buffer.from('504b0506', 'hex'));
  if (end < 0 || end + 22 > tail.length) throw new Error('it is no zip archive, or was cut off');
  const { size, at } = await directoryPlace(archive, tail, end);
  if (size > mostDirectory) throw new Error('its directory is too long');
  const directory = await archive.read(at, size);
  const members = new Map<string, Member>();
  for (let from = 0; from + 46 <= directory.length;) {
    if (directory.readUInt32LE(from) !== 0x02014b50) throw new Error('its directory is damaged');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) =>
      directory.readUInt16LE(from + o),
    );
    const nameEnd = from + 46 + (nameLength as number);
    const extra = directory.subarray(nameEnd, nameEnd + (extraLength as number));
    const own = directory.toString('utf8', from + 46, nameEnd);
    // Readers differ over which of them counts, so that one archive would be two logs.
    if (members.has(own)) throw new Error(`two of its files have the name ${own}`);
    members.set(own, memberAt(directory, from, extra));
    from = nameEnd + (extraLength as number) + (commentLength as number);
  }
  return members;
}

async function directoryPlace(
  archive: ArchiveBytes,
  tail: Buffer,
  end: number,
): Promise<{ readonly size: number; readonly at: number }> {
  const [size, at] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  if (size !== 0xffffffff && at !== 0xffffffff) return { size, at };
  const locator = end - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== 0x07064b50) return { size, at };
  const record = await archive.read(Number(tail.readBigUInt64LE(locator + 8)), 56);
  return { size: Number(record.readBigUInt64LE(40)), at: Number(record.readBigUInt64LE(48)) };
}

function memberAt(directory: Buffer, from: number, extra: Buffer): Member {
  const long = zip64Of(extra);
  let next = 0;
  const wide = (offset: number): number => {
    const value = directory.readUInt32LE(from + offset);
    if (value !== 0xffffffff || long === undefined) return value;
    next += 8;
    return Number(long.readBigUInt64LE(next - 8));
  };
  const unpacked = wide(24);
  const packed = wide(20);
  const sum = directory.readUInt32LE(from + 16);
  return { method: directory.readUInt16LE(from + 10), unpacked, packed, sum, at: wide(42) };
}

/** The extra field that holds what does not fit 32 bits. */
function zip64Of(extra: Buffer): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === 1) return extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
  }
  return undefined;
}

async function unpack(
  archive: ArchiveBytes,
  { at, method, packed, unpacked, sum }: Member,
): Promise<Uint8Array> {
  if (packed > mostMember || unpacked > mostMember) throw new Error('it is too long');
  const head = await archive.read(at, 30);
  if (head.length < 30 || head.readUInt32LE(0) !== 0x04034b50) throw new Error('it has no beginning');
  const from = at + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  const bytes = await archive.read(from, packed);
  const whole =
    method === 0 ? bytes : method === 8 ? await inflate(bytes, { maxOutputLength: unpacked + 1 }) : undefined;
  if (whole === undefined) throw new Error(`it is packed by method ${method}; 0 and 8 are read`);
  if (whole.byteLength !== unpacked) throw new Error('it has another length than the directory says');
  if (crc32(whole) !== sum) throw new Error('it is not what was packed: its check sum is another one');
  return whole;
}

function malformed(name: string, thrown: unknown): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `cannot read ${name}: ${describeThrown(thrown)}`, {
    cause: thrown,
  });
}
