import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sha256Hex } from '../../lib/bytes.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { readVerifyKeys } from '../../server/sources/statement-keys.ts';
import { maxStatementBytes, verifyStatement } from '../../server/sources/statement.ts';
import { mostManifestBytes, readManifest, snapshotNames, type Manifest } from './manifest.ts';
import { malformed, readArchive, type PassingFile } from './read-archive.ts';

export interface UnpackOptions {
  /** The snapshot. */
  readonly path: string;
  /** An empty folder for what is in it. */
  readonly into: string;
  /** File of the public keys of which one must have signed; undefined = nobody need have. */
  readonly verify: string | undefined;
  readonly now: EpochMs;
  /** Told of every piece that was read of the file. */
  readonly onBytes: (count: number) => void;
}

export interface Unpacked {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest, hex. */
  readonly digest: string;
  readonly signed: boolean;
  /** Whether the signature was held against a key. */
  readonly verified: boolean;
}

/**
 * Unpacks a snapshot, a piece at a time. The manifest comes first and is verified before anything else is read; every
 * file must then be the one that it names, whole, and none may be missing: what is there when this returns is what was
 * signed. Throws PDP_SOURCE_REFUSED (signature), PDP_INPUT_MALFORMED (damaged, cut off, no snapshot), PDP_FORMAT_NEWER,
 * PDP_STORE_NEWER, PDP_USAGE where it cannot be unpacked (no room).
 */
export async function unpack(options: UnpackOptions): Promise<Unpacked> {
  const { path, into } = options;
  let manifestBytes: Uint8Array | undefined;
  let manifest: Manifest | undefined;
  let statement: string | undefined;
  let next = 0;
  const digest = (): string => sha256Hex(manifestBytes ?? new Uint8Array());
  const visit = async (file: PassingFile): Promise<void> => {
    if (manifestBytes === undefined) {
      manifestBytes = await whole(file, snapshotNames.manifest, mostManifestBytes, path);
      return;
    }
    if (manifest === undefined && file.name === snapshotNames.statement && statement === undefined) {
      statement = Buffer.from(await whole(file, snapshotNames.statement, maxStatementBytes, path)).toString();
      return;
    }
    manifest ??= await verified(manifestBytes, statement, options);
    const wanted = manifest.files[next];
    next += 1;
    if (wanted?.name !== file.name || wanted.bytes !== file.bytes)
      throw malformed(path, `${file.name} is not what its manifest names`);
    if ((await writeOut(file, join(into, file.name))) !== wanted.sha256)
      throw malformed(path, `${file.name} is damaged: its digest is not that of the manifest`);
  };
  await readArchive(path, visit, options.onBytes).catch((thrown: unknown) => {
    if (thrown instanceof PortreeveError) throw thrown;
    throw new PortreeveError('PDP_USAGE', `cannot unpack ${path} into ${into}: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  });
  if (manifest === undefined || next < manifest.files.length)
    throw malformed(path, 'it is not whole: files that its manifest names are missing');
  return {
    manifest,
    digest: digest(),
    signed: statement !== undefined,
    verified: options.verify !== undefined,
  };
}

/** Bytes of a snapshot's file. Throws PDP_INPUT_MALFORMED where it cannot be read. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    throw malformed(path, describeThrown(thrown), thrown);
  }
}

async function verified(
  bytes: Uint8Array,
  statement: string | undefined,
  { path, verify, now }: UnpackOptions,
): Promise<Manifest> {
  if (verify === undefined) return readManifest(bytes, path);
  const keys = readVerifyKeys(await readKeyFile(verify), verify);
  if (statement === undefined) throw refused(`${path} is not signed, and --verify asks for a signature`);
  const said = await verifyStatement(statement, keys, {
    kind: 'state',
    now,
    about: `the signature of ${path}`,
  });
  if (said.sha256 !== sha256Hex(bytes))
    throw refused(
      `the signature of ${path} is about another manifest: the file was changed after it was signed`,
    );
  const manifest = readManifest(bytes, path);
  if (manifest.sequence !== said.sequence)
    throw refused(`the signature of ${path} says change ${said.sequence}, its manifest ${manifest.sequence}`);
  return manifest;
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw new PortreeveError('PDP_USAGE', `key file ${file}: ${describeThrown(thrown)}`, { cause: thrown });
  }
}

async function whole(file: PassingFile, name: string, most: number, path: string): Promise<Uint8Array> {
  if (file.name !== name)
    throw malformed(path, `it begins with ${JSON.stringify(file.name)}, not with ${name}`);
  if (file.bytes > most) throw malformed(path, `${name} has more than ${most} bytes`);
  const pieces: Uint8Array[] = [];
  for await (const piece of file.read()) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Answers the digest of what was written; on the disk when this returns. */
async function writeOut(file: PassingFile, to: string): Promise<string> {
  const hash = createHash('sha256');
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const piece of file.read()) {
      hash.update(piece);
      yield piece;
    }
  }
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  const out = createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(Readable.from(hashed(), { objectMode: false }), out);
  return hash.digest('hex');
}

/** The bytes of a file that was unpacked. */
export function readBack(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: 1024 * 1024 });
}

function refused(problem: string): PortreeveError {
  return new PortreeveError('PDP_SOURCE_REFUSED', problem);
}
