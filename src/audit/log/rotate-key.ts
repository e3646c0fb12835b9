import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatInstant, parseInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { signNote } from '../tlog/note.ts';
import type { NoteSigner } from '../tlog/note.ts';
import { syncFolder } from './durable.ts';
import { readSigner } from './keys.ts';
import type { KeyList } from './types.ts';

/** Where the key waits that is to take over; whoever writes the log finds it there. */
export function nextKeyFile(keyFile: string): string {
  return `${keyFile}.next`;
}

/** Where the key is that was rotated away, for as long as checkpoints carry its signature too. */
export function formerKeyFile(keyFile: string): string {
  return `${keyFile}.former`;
}

/**
 * The text by which the old key says that the new one follows it: `portreeve log key`, the new key's text form, the size
 * of the tree that the old one signed last, and the time, each in a line.
 */
export function successionOf(old: NoteSigner, next: NoteSigner, at: { time: string; size: number }): string {
  return signNote(`portreeve log key\n${next.verifier.text}\n${at.size}\n${at.time}\n`, [old]);
}

/** The list once a key has taken over. */
export function withSuccessor(
  { keys }: KeyList,
  next: { readonly key: string; readonly succession: string },
  at: { readonly time: string; readonly size: number },
): KeyList {
  const former = keys.map((one) => (one.until === null ? { ...one, until: at } : one));
  return { keys: [...former, { ...next, from: at, until: null }] };
}

/** Puts the new key's file in the place of the old one's, which is kept beside it; nothing where that was done. */
export async function exchangeFiles(keyFile: string, name: string): Promise<void> {
  if ((await readSigner(nextKeyFile(keyFile), name)) === undefined) return;
  if ((await readSigner(keyFile, name)) !== undefined) await rename(keyFile, formerKeyFile(keyFile));
  await rename(nextKeyFile(keyFile), keyFile);
  await syncFolder(dirname(keyFile));
}

/**
 * The key that was rotated away, and until when checkpoints carry its signature; undefined where none does any more: its
 * file is then removed.
 */
export async function formerSigner(
  { keys }: KeyList,
  { keyFile, name, overlapMs, now }: { keyFile: string; name: string; overlapMs: number; now: EpochMs },
): Promise<{ readonly signer: NoteSigner; readonly until: EpochMs } | undefined> {
  const signer = await readSigner(formerKeyFile(keyFile), name);
  if (signer === undefined) return undefined;
  const listed = keys.find(({ key }) => key === signer.verifier.text);
  const until = (parseInstant(listed?.until?.time ?? '') ?? 0) + overlapMs;
  if (now < until) return { signer, until };
  await rm(formerKeyFile(keyFile), { force: true });
  return undefined;
}

/** A moment of the log, as its list of keys has it. */
export function momentOf(now: EpochMs, size: number): { readonly time: string; readonly size: number } {
  return { time: formatInstant(now), size };
}
