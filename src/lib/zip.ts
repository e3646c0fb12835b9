import { crc32, deflateRawSync } from 'node:zlib';
import { PortreeveError } from './errors.ts';

/*
 * Writes ZIP archives (PKWARE APPNOTE 6.3): files stored or deflated, names in UTF-8, ZIP64 where places or the number of
 * files need it. Nothing else that the format can do.
 */

const signature = {
  file: 0x04034b50,
  entry: 0x02014b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
  end: 0x06054b50,
} as const;

const method = { stored: 0, deflated: 8 } as const;

/** Flag of names in UTF-8. */
const utf8Flag = 0x0800;

/** What stands in a field of 32 or 16 bits whose value is in the ZIP64 part. */
const in64 = { bits32: 0xffffffff, bits16: 0xffff } as const;

/** Tag of the ZIP64 part of an entry. */
const extra64 = 0x0001;

/** A file that goes into an archive. */
export interface ZipFile {
  /** Relative, with slashes. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Hashes and what is packed already do not get smaller. */
  readonly store?: boolean;
}

/** Bytes below which packing gains nothing that counts. */
const leastPacked = 64;

/** 1980-01-01 as MS-DOS has it, for all: the same files make the same archive. */
const dosDate = 0x0021;

interface Entry {
  readonly name: Buffer;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly bytes: number;
  readonly offset: number;
}

/**
 * The bytes of an archive with these files, in the order in which they come; memory holds one file at a time and some
 * hundred bytes for each. Throws PDP_INTERNAL for a name that leads elsewhere, one that comes twice, or a file of 4 GiB
 * and more.
 */
export async function* zipBytes(
  files: Iterable<ZipFile> | AsyncIterable<ZipFile>,
): AsyncGenerator<Uint8Array> {
  const entries: Entry[] = [];
  const names = new Set<string>();
  let offset = 0;
  for await (const file of files) {
    if (!isSafeName(file.name) || names.has(file.name))
      throw refused(`${file.name} cannot be a file of an archive`);
    if (file.bytes.byteLength >= in64.bits32) throw refused(`${file.name} is too long for an archive`);
    names.add(file.name);
    const store = file.store === true || file.bytes.byteLength < leastPacked;
    const packed = store ? file.bytes : deflateRawSync(file.bytes, { level: 6 });
    const smaller = packed.byteLength < file.bytes.byteLength;
    const content = smaller ? packed : file.bytes;
    const entry = {
      name: Buffer.from(file.name),
      method: smaller ? method.deflated : method.stored,
      crc: crc32(file.bytes),
      packed: content.byteLength,
      bytes: file.bytes.byteLength,
      offset,
    };
    entries.push(entry);
    const head = fileHead(entry);
    yield head;
    yield content;
    offset += head.byteLength + content.byteLength;
  }
  yield* directory(entries, offset);
}

function* directory(entries: readonly Entry[], start: number): Generator<Uint8Array> {
  let length = 0;
  for (const entry of entries) {
    const bytes = directoryEntry(entry);
    length += bytes.byteLength;
    yield bytes;
  }
  const count = entries.length;
  const large = count >= in64.bits16 || start >= in64.bits32 || length >= in64.bits32;
  if (large) yield end64(count, length, start);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(signature.end, 0);
  end.writeUInt16LE(Math.min(count, in64.bits16), 8);
  end.writeUInt16LE(Math.min(count, in64.bits16), 10);
  end.writeUInt32LE(Math.min(length, in64.bits32), 12);
  end.writeUInt32LE(Math.min(start, in64.bits32), 16);
  yield end;
}

function fileHead(entry: Entry): Buffer {
  const head = Buffer.alloc(30);
  head.writeUInt32LE(signature.file, 0);
  writeCommon(head, 4, entry);
  return Buffer.concat([head, entry.name]);
}

/** Version to read it, flags, method, time, date, digest, sizes, length of the name. */
function writeCommon(to: Buffer, at: number, { name, method: how, crc, packed, bytes }: Entry): void {
  to.writeUInt16LE(20, at);
  to.writeUInt16LE(utf8Flag, at + 2);
  to.writeUInt16LE(how, at + 4);
  to.writeUInt16LE(dosDate, at + 8);
  to.writeUInt32LE(crc, at + 10);
  to.writeUInt32LE(packed, at + 14);
  to.writeUInt32LE(bytes, at + 18);
  to.writeUInt16LE(name.byteLength, at + 22);
}

function directoryEntry(entry: Entry): Buffer {
  const far = entry.offset >= in64.bits32;
  const extra = Buffer.alloc(far ? 12 : 0);
  if (far) {
    extra.writeUInt16LE(extra64, 0);
    extra.writeUInt16LE(8, 2);
    extra.writeBigUInt64LE(BigInt(entry.offset), 4);
  }
  const head = Buffer.alloc(46);
  head.writeUInt32LE(signature.entry, 0);
  // Made by: Unix, so that the mode in the upper half of the attributes counts.
  head.writeUInt16LE((3 << 8) | 45, 4);
  writeCommon(head, 6, entry);
  head.writeUInt16LE(extra.byteLength, 30);
  head.writeUInt32LE((0o100644 << 16) >>> 0, 38);
  head.writeUInt32LE(Math.min(entry.offset, in64.bits32), 42);
  return Buffer.concat([head, entry.name, extra]);
}

function end64(count: number, length: number, start: number): Buffer {
  const end = Buffer.alloc(56 + 20);
  end.writeUInt32LE(signature.end64, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE((3 << 8) | 45, 12);
  end.writeUInt16LE(45, 14);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(length), 40);
  end.writeBigUInt64LE(BigInt(start), 48);
  end.writeUInt32LE(signature.locator64, 56);
  end.writeBigUInt64LE(BigInt(start + length), 64);
  end.writeUInt32LE(1, 72);
  return end;
}

function refused(problem: string): PortreeveError {
  return new PortreeveError('PDP_INTERNAL', problem);
}

/** A name in an archive: relative, with slashes, leading nowhere else. */
function isSafeName(name: string): boolean {
  return (
    name !== '' &&
    name.length <= 1024 &&
    !/[\\\p{Cc}:]/u.test(name) &&
    name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}
