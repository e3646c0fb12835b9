import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { keyListBytes } from '../../src/audit/log/keys.ts';
import { successionOf } from '../../src/audit/log/rotate-key.ts';
import { keyListPath } from '../../src/audit/log/types.ts';
import type { LogKey } from '../../src/audit/log/types.ts';
import { recordBytes } from '../../src/audit/record.ts';
import { signCheckpoint } from '../../src/audit/tlog/checkpoint.ts';
import { rootOf } from '../../src/audit/tlog/frontier.ts';
import { leafHash } from '../../src/audit/tlog/hash.ts';
import { noteSigner } from '../../src/audit/tlog/note.ts';
import type { NoteSigner } from '../../src/audit/tlog/note.ts';
import { formatInstant } from '../../src/lib/clock.ts';
import { tilesOf } from './tlog.ts';

/** When the first record of a made log was written: 2026-11-01T00:00:00Z. */
export const logBegin = 1_793_491_200_000;

export const origin = 'portreeve.example/plant-7';

/** A log in memory that can be changed at will before it is written: what a cheat can do, with or without the key. */
export interface MadeLog {
  readonly entries: Uint8Array[];
  readonly files: Map<string, Uint8Array>;
  readonly signer: NoteSigner;
}

export function newSigner(name: string = origin): NoteSigner {
  return noteSigner(name, generateKeyPairSync('ed25519').privateKey);
}

/** Records as a server writes them: started, a decision a second, a heartbeat a minute. */
export function recordsOf(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => entryOf(index, logBegin + index * 1000));
}

export function entryOf(index: number, at: number): Uint8Array {
  if (index === 0) return act(at, 'start', {});
  if (index % 60 === 0) return heartbeat(at, 0);
  return Buffer.from(
    recordBytes({
      assurance: 'device_proved',
      decision_id: `d-${index}`,
      device_id: `meter-${index % 7}`,
      kind: 'decision',
      outcome: index % 3 === 0 ? 'deny' : 'allow',
      schema: 1,
      tenant: 'default',
      time: formatInstant(at),
      versions: { bundle: null },
    }),
  );
}

export function heartbeat(at: number, lost: number): Uint8Array {
  const records = { lost, written: 60 };
  return Buffer.from(
    recordBytes({ kind: 'heartbeat', next_s: 60, records, schema: 1, site: null, time: formatInstant(at) }),
  );
}

export function act(at: number, name: string, detail: object): Uint8Array {
  return Buffer.from(
    recordBytes({ act: name, detail, kind: 'act', schema: 1, tenant: null, time: formatInstant(at) }),
  );
}

/** A checkpoint over the first entries. */
export function checkpointOf(
  entries: readonly Uint8Array[],
  size: number,
  signers: readonly NoteSigner[],
  name: string = origin,
): Uint8Array {
  const root = rootOf(entries.slice(0, size).map(leafHash));
  return signCheckpoint({ origin: name, size, root, extensions: [] }, signers);
}

/** A whole log, with kept checkpoints at the sizes given. */
export function makeLog(
  entries: Uint8Array[],
  signer: NoteSigner = newSigner(),
  kept: readonly number[] = [],
  keys: readonly LogKey[] = [firstKey(signer)],
): MadeLog {
  const files = tilesOf(entries);
  files.set('checkpoint', checkpointOf(entries, entries.length, [signer]));
  files.set(keyListPath, keyListBytes({ keys }));
  for (const size of kept) files.set(`checkpoints/${size}`, checkpointOf(entries, size, [signer]));
  return { entries, files, signer };
}

export function firstKey({ verifier }: NoteSigner): LogKey {
  return {
    key: verifier.text,
    from: { time: formatInstant(logBegin), size: 0 },
    until: null,
    succession: null,
  };
}

/** Keys of which each took over from the one before at a size. */
export function keyChain(signers: readonly NoteSigner[], sizes: readonly number[]): readonly LogKey[] {
  return signers.map((signer, place) => {
    const time = formatInstant(logBegin + place * 60_000);
    const before = signers[place - 1];
    const from = { time, size: place === 0 ? 0 : (sizes[place - 1] as number) };
    const end = sizes[place];
    return {
      key: signer.verifier.text,
      from,
      until: end === undefined ? null : { time, size: end },
      succession: before ? successionOf(before, signer, from) : null,
    };
  });
}

/** Writes a log's files to a folder that is gone after the test. */
export function writeLog(t: Pick<ExecutionContext, 'teardown'>, { files }: Pick<MadeLog, 'files'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-tlog-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFiles(folder, files);
  return folder;
}

export function writeFiles(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}
