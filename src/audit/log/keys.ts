import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { noteSigner } from '../tlog/note.ts';
import type { NoteSigner } from '../tlog/note.ts';
import { syncFolder } from './durable.ts';
import { keyListPath } from './types.ts';
import type { KeyList } from './types.ts';

/** The list of a log's keys; undefined where the log has none. Throws PDP_KEYS_INVALID for one that cannot be read. */
export async function readKeyList(files: LogFiles): Promise<KeyList | undefined> {
  const bytes = await files.read(keyListPath);
  if (bytes === undefined) return undefined;
  try {
    const list = JSON.parse(Buffer.from(bytes).toString('utf8')) as KeyList;
    if (!Array.isArray(list.keys) || !list.keys.every(isLogKey)) throw new Error('it is no list of keys');
    return list;
  } catch (cause) {
    throw new PortreeveError('PDP_KEYS_INVALID', `${keyListPath}: ${describeThrown(cause)}`, { cause });
  }
}

function isLogKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { key, from, until, succession } = value as Record<string, unknown>;
  return (
    typeof key === 'string' &&
    isMoment(from) &&
    (until === null || isMoment(until)) &&
    (succession === null || typeof succession === 'string')
  );
}

function isMoment(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { time, size } = value as Record<string, unknown>;
  return typeof time === 'string' && Number.isSafeInteger(size);
}

/** The bytes of a list of keys, as they stand in its file. */
export function keyListBytes(list: KeyList): Uint8Array {
  return Buffer.from(`${JSON.stringify(list, null, 2)}\n`);
}

/** The signer of a private key's file; undefined where there is none. Throws PDP_KEYS_INVALID for what is no key. */
export async function readSigner(file: string, name: string): Promise<NoteSigner | undefined> {
  let pem: string;
  try {
    pem = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new PortreeveError('PDP_KEYS_INVALID', `key of the log ${file}: ${describeThrown(cause)}`, {
      cause,
    });
  }
  try {
    return noteSigner(name, pem);
  } catch (cause) {
    throw new PortreeveError('PDP_KEYS_INVALID', `key of the log ${file}: ${describeThrown(cause)}`, {
      cause,
    });
  }
}

/**
 * Makes a private key in a file that only its owner can read: whole or not at all, because half a key on a full volume
 * would be one that no later start can use. Throws what the file system says, and where the file is there.
 */
export async function makeKey(file: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  await mkdir(dirname(file), { recursive: true, mode: 0o750 });
  if (existsSync(file)) throw new Error(`${file} is there already`);
  const beside = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeSecret(beside, privateKey.export({ format: 'pem', type: 'pkcs8' }));
    await rename(beside, file);
  } catch (thrown) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw thrown;
  }
  await syncFolder(dirname(file));
}

async function writeSecret(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
