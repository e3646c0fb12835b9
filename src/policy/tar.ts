import { PortreeveError } from '../lib/errors.ts';

const block = 512;
const maxEntries = 1024;

/**
 * Reads a POSIX ustar archive (IEEE Std 1003.1, "ustar Interchange Format") of plain files, as OPA writes its
 * bundles: name without leading `/` or `./` → content, a view into `bytes`. Folders are skipped; links, devices,
 * extended headers, names that leave the archive, duplicates and truncation throw PDP_BUNDLE_INVALID.
 */
export function readTar(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let at = 0;
  for (let entries = 0; !isEnd(bytes, at); entries++) {
    if (entries === maxEntries) throw invalid(`more than ${maxEntries} entries`);
    const header = readHeader(bytes, at);
    const content = at + block;
    at = content + Math.ceil(header.size / block) * block;
    if (at > bytes.byteLength) throw invalid(`"${header.name}" is cut off`);
    if (header.type === '5') continue;
    const name = plainName(header.name);
    if (files.has(name)) throw invalid(`"${name}" appears twice`);
    files.set(name, bytes.subarray(content, content + header.size));
  }
  return files;
}

/** The archive ends with two blocks of zeros, and nothing but zeros follows them. */
function isEnd(bytes: Uint8Array, at: number): boolean {
  if (at + block > bytes.byteLength) throw invalid('the archive is cut off');
  if (bytes[at] !== 0) return false;
  const rest = bytes.subarray(at);
  if (rest.byteLength < 2 * block) throw invalid('the archive is cut off');
  if (rest.some((byte) => byte !== 0)) throw invalid('bytes follow the end of the archive');
  return true;
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

function readHeader(bytes: Uint8Array, at: number): Header {
  const header = bytes.subarray(at, at + block);
  if (text(header, 257, 5) !== 'ustar') throw invalid('not a ustar archive');
  if (octal(header, 148, 8) !== checksum(header)) throw invalid('a header has the wrong checksum');
  const prefix = text(header, 345, 155);
  const name = text(header, 0, 100);
  const type = text(header, 156, 1) || '0';
  if (type !== '0' && type !== '5')
    throw invalid(`"${name}" is of type "${type}", only plain files may be in a bundle`);
  return { name: prefix === '' ? name : `${prefix}/${name}`, size: octal(header, 124, 12), type };
}

/** Sum of all header bytes, the checksum's own field counted as blanks. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0);
}

function text(header: Uint8Array, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  const used = end < 0 ? field : field.subarray(0, end);
  if (used.some((byte) => byte < 0x20 || byte > 0x7e)) throw invalid('a header field is not plain ASCII');
  return String.fromCharCode(...used);
}

function octal(header: Uint8Array, at: number, length: number): number {
  const digits = text(header, at, length).trim();
  if (!/^[0-7]{1,11}$/.test(digits)) throw invalid('a header has a number that is not octal');
  return Number.parseInt(digits, 8);
}

function plainName(name: string): string {
  const plain = name.replace(/^\.?\//, '');
  const parts = plain.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw invalid(`"${name}" is not a plain file name`);
  }
  return plain;
}

function invalid(problem: string): PortreeveError {
  return new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${problem}`);
}
