import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes } from '../../lib/bytes.ts';
import { formatInstant } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { openCheckpoint, parseCheckpoint, signCheckpoint } from '../tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { emptyRoot } from '../tlog/hash.ts';
import { checkpointPath } from '../tlog/log-files.ts';
import type { LogFiles } from '../tlog/log-files.ts';
import { parseVerifier } from '../tlog/note.ts';
import type { NoteSigner } from '../tlog/note.ts';
import { DurableFolder } from './durable.ts';
import { folderFiles } from './folder-files.ts';
import { Journal } from './journal.ts';
import { keyListBytes, makeKey, readKeyList, readSigner } from './keys.ts';
import { recover } from './recover.ts';
import { exchangeFiles, formerSigner, nextKeyFile } from './rotate-key.ts';
import { beginSession, claimLog, lastSession } from './session.ts';
import { Tree } from './tree.ts';
import { keyListPath } from './types.ts';
import type { KeyList, LogOptions, Opened } from './types.ts';

/** A log that this process has open. */
export interface OpenState {
  readonly opened: Opened;
  readonly origin: string;
  readonly tree: Tree;
  readonly journal: Journal;
  readonly durable: DurableFolder;
  /** The log's key, and for a while the one before it. */
  signers: readonly NoteSigner[];
  keys: KeyList;
  checkpoint: SignedCheckpoint;
  /** To be called once the log has in it how its last writer left it: from then on this writer is the last. */
  readonly told: () => Promise<void>;
  /** Gives the log back to others. */
  readonly release: () => void;
}

/** How long checkpoints carry the signature of the key before, unless said (ms). */
export const usualOverlapMs = 86_400_000;

type Known = Pick<OpenState, 'signers' | 'keys' | 'checkpoint'>;

/**
 * Opens a log, or begins it where the folder has none: takes the writer's lock, holds checkpoint, tiles and journal
 * against each other, and mends what a crash has left torn. Throws PDP_AUDIT_UNAVAILABLE, saying what is wrong.
 */
export async function openState(folder: string, options: LogOptions): Promise<OpenState> {
  const release = await claimLog(folder, options.pid ?? 0);
  const journal = new Journal(join(folder, 'journal'));
  try {
    const [files, durable] = [folderFiles(folder), new DurableFolder(folder)];
    const there = await goOn(folder, files, options);
    const known = there ?? (await begin(folder, { files, durable, options }));
    const { origin, size, root } = known.checkpoint;
    const tree = await Tree.load(files, size);
    if (!equalBytes(tree.root(), root)) throw damaged(folder, 'its tiles are not those of its checkpoint');
    const session = await lastSession(folder);
    const { entries, tornBytes, lastWrite } = await recover(folder, { files, journal, tree });
    await journal.sync();
    // What the last writer left stays until it is told: a second crash before that would make its gap unknown.
    if (session === null) await beginSession(folder, options);
    const unclean = session && {
      mode: session.mode,
      flushMs: session.flush_ms,
      openedAt: session.opened_at,
      lastWrite: lastWrite === null ? null : formatInstant(lastWrite),
      tornBytes,
    };
    const opened = {
      ...{ origin, size: tree.size, recovered: entries, unclean },
      ...{ created: there === undefined, key: known.signers[0]?.verifier.text ?? '' },
    };
    const told = async (): Promise<void> => {
      if (session === null) return;
      await journal.sync();
      await beginSession(folder, options);
    };
    return { opened, origin, tree, journal, durable, ...known, told, release };
  } catch (thrown) {
    journal.close();
    release();
    throw thrown;
  }
}

/** What a log that is there goes on from; undefined where there is none. */
async function goOn(folder: string, files: LogFiles, options: LogOptions): Promise<Known | undefined> {
  const [bytes, keys] = [await files.read(checkpointPath), await readKeyList(files)];
  if (bytes === undefined) {
    if (existsSync(join(folder, 'tile'))) throw damaged(folder, 'it has tiles, and its checkpoint is gone');
    return undefined;
  }
  if (keys === undefined) throw damaged(folder, `it has a checkpoint, and ${keyListPath} is gone`);
  const checkpoint = openCheckpoint(
    bytes,
    keys.keys.map(({ key }) => parseVerifier(key)),
  );
  const { origin } = checkpoint;
  if (options.origin !== undefined && options.origin !== origin) {
    throw damaged(
      folder,
      `it is the log of ${origin}, not of ${options.origin}: give that one a folder of its own`,
    );
  }
  const inUse = keys.keys.at(-1)?.key ?? '';
  // A rotation that a crash has interrupted: the list names the new key already.
  if ((await readSigner(nextKeyFile(options.keyFile), origin))?.verifier.text === inUse) {
    await exchangeFiles(options.keyFile, origin);
  }
  const signer = await readSigner(options.keyFile, origin);
  if (signer === undefined) throw damaged(folder, `its key ${options.keyFile} is gone`);
  if (signer.verifier.text !== inUse) {
    throw damaged(folder, `${options.keyFile} is not its key ${inUse}`);
  }
  return { signers: [signer, ...(await former(keys, origin, options))], keys, checkpoint };
}

/** The key before, while checkpoints carry its signature too. */
async function former(keys: KeyList, name: string, options: LogOptions): Promise<readonly NoteSigner[]> {
  const { keyFile, overlapMs = usualOverlapMs } = options;
  const found = await formerSigner(keys, { keyFile, name, overlapMs, now: options.now() });
  return found ? [found.signer] : [];
}

/** Begins a log: its key, the list of keys, and the checkpoint of the empty tree. */
async function begin(
  folder: string,
  { files, durable, options }: { files: LogFiles; durable: DurableFolder; options: LogOptions },
): Promise<Known> {
  const origin = options.origin ?? options.defaultOrigin;
  if ((await readSigner(options.keyFile, origin)) === undefined) await makeKey(options.keyFile);
  const signer = await readSigner(options.keyFile, origin);
  if (signer === undefined) throw damaged(folder, `its key ${options.keyFile} cannot be read`);
  const from = { time: formatInstant(options.now()), size: 0 };
  const keys = (await readKeyList(files)) ?? {
    keys: [{ key: signer.verifier.text, from, until: null, succession: null }],
  };
  if (signer.verifier.text !== keys.keys.at(-1)?.key)
    throw damaged(folder, `${options.keyFile} is not its key`);
  await durable.write(keyListPath, keyListBytes(keys));
  await durable.settle();
  const bytes = signCheckpoint({ origin, size: 0, root: emptyRoot(), extensions: [] }, [signer]);
  await durable.write(checkpointPath, bytes);
  await durable.settle();
  return { signers: [signer], keys, checkpoint: parseCheckpoint(bytes) };
}

function damaged(folder: string, problem: string): PortreeveError {
  return new PortreeveError('PDP_AUDIT_UNAVAILABLE', `the log ${folder} cannot go on: ${problem}`);
}
