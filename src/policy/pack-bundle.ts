import { crc32 } from 'node:zlib';
import type { DeclaredReason } from './custom-reasons.ts';
import { entrypoint } from './manifest.ts';
import type { OnlyUse } from './verdict-memory.ts';

/** What goes into a bundle. */
export interface BundleContents {
  readonly wasm: Uint8Array;
  /** The data document; as bytes it is taken as it is, so that numbers keep their text. */
  readonly data: Readonly<Record<string, unknown>> | Uint8Array;
  /** Names what the bundle was made from. */
  readonly revision: string;
  /** The rule that is asked; `portreeve/decision` where left out. */
  readonly entrypoint?: string;
  readonly inputVersion: number;
  /** The input's keys that the rules read; left out where they may read all. */
  readonly inputKeys?: readonly string[] | undefined;
  /** Of these, the ones that rules only name, or only ask of whether they are null. */
  readonly inputOnly?: Readonly<Record<string, OnlyUse>> | undefined;
  /** Declarations of `custom.` reasons, in the form of `reasons` in `policy.yaml`; left out where there are none. */
  readonly reasons?: Readonly<Record<string, DeclaredReason>> | undefined;
  /** Program versions that can run it, such as `>=0.1.0`; any where left out. */
  readonly requires?: string;
  /** Whose input and results the rules are written for; null = ours. */
  readonly compat?: 'opa-envoy' | null;
  /** Version of Rego of the sources; 1 where left out. */
  readonly regoVersion?: 0 | 1;
  /** The text of `/self-test.json`. */
  readonly selfTest?: Uint8Array;
  /** Compiler that made the module, e.g. `opa 1.22.2`. */
  readonly compiler: string;
  /** SHA-256 (hex) of each source file by its name. */
  readonly sources: Readonly<Record<string, string>>;
}

export function packBundle(contents: BundleContents): Uint8Array {
  return packFiles(bundleFiles(contents));
}

/** The files of a bundle by their names (without leading slash), in the order in which they are packed. */
export function bundleFiles(contents: BundleContents): ReadonlyMap<string, Uint8Array> {
  const { data, wasm, selfTest } = contents;
  return new Map([
    ['.manifest', json(manifestOf(contents))],
    ['data.json', data instanceof Uint8Array ? data : json(data)],
    ['policy.wasm', wasm],
    ...(selfTest ? [['self-test.json', selfTest] as const] : []),
  ]);
}

/**
 * Writes a bundle that `readBundle` and OPA itself read: the same files always give the same bytes, on every machine
 * and version of Node. That is why the gzip layer only stores (RFC 1951 section 3.2.4): compressors differ between
 * versions and processors.
 */
export function packFiles(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return storedGzip(writeTar([...files].map(([name, content]) => [`/${name}`, content] as const)));
}

function manifestOf(contents: BundleContents): object {
  return {
    revision: contents.revision,
    roots: [''],
    wasm: [{ entrypoint: contents.entrypoint ?? entrypoint, module: '/policy.wasm' }],
    rego_version: contents.regoVersion ?? 1,
    metadata: {
      portreeve: {
        input_version: contents.inputVersion,
        input_keys: contents.inputKeys,
        input_only: contents.inputOnly,
        requires: contents.requires,
        compat: contents.compat ?? undefined,
        entrypoint: contents.entrypoint === entrypoint ? undefined : contents.entrypoint,
        reasons: contents.reasons,
        compiler: contents.compiler,
        sources: contents.sources,
      },
    },
  };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/** A ustar archive of plain files in the given order, owned by nobody and as old as 1970. */
export function writeTar(files: readonly (readonly [name: string, content: Uint8Array])[]): Uint8Array {
  const blocks = files.flatMap(([name, content]) => [
    tarHeader(name, content.byteLength),
    content,
    Buffer.alloc((512 - (content.byteLength % 512)) % 512),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function tarHeader(name: string, size: number): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** RFC 1952 member without name and time, around stored blocks of at most 65,535 bytes. */
function storedGzip(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])];
  for (let at = 0; at < bytes.byteLength; at += 0xffff) {
    const stored = bytes.subarray(at, at + 0xffff);
    const last = at + 0xffff >= bytes.byteLength;
    const head = Buffer.alloc(5);
    head.writeUInt8(last ? 1 : 0, 0);
    head.writeUInt16LE(stored.byteLength, 1);
    head.writeUInt16LE(stored.byteLength ^ 0xffff, 3);
    parts.push(head, stored);
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(bytes), 0);
  tail.writeUInt32LE(bytes.byteLength, 4);
  return Buffer.concat([...parts, tail]);
}
