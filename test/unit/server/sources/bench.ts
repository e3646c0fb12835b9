import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { sha256Hex } from '../../../../src/lib/bytes.ts';
import { readAll } from '../../../../src/server/sources/fetch-limited.ts';
import { startSources } from '../../../../src/server/sources/sources.ts';
import type { Sources } from '../../../../src/server/sources/sources.ts';
import { signStatement } from '../../../../src/server/sources/statement.ts';
import type { Applied, SourceLocation, SourceSpec } from '../../../../src/server/sources/types.ts';
import type { Store } from '../../../../src/store/types.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';
import type { FakeClock } from '../../../helpers/fake-clock.ts';
import { temporaryFolder, temporaryStore } from '../../../helpers/temporary-store.ts';

export const start = Date.UTC(2026, 5, 1, 12);
export const minute = 60_000;
export const hour = 60 * minute;

/** A source that remembers what was applied; hourly, and strewn by nothing. */
export function sourceAt(
  location: SourceLocation,
  applied: string[],
  changes: Partial<SourceSpec> = {},
  result: Partial<Applied> = {},
): SourceSpec {
  return {
    kind: 'devices',
    name: 'office',
    location,
    interval: hour,
    jitter: 0,
    timeout: 5000,
    max_bytes: 1_000_000,
    max_age: null,
    signed_by: null,
    apply: async ({ open }) => {
      applied.push(Buffer.from(await readAll(open())).toString());
      return { changed: true, ...result };
    },
    ...changes,
  };
}

export function urlOf(url: string): SourceLocation {
  return { url, ca: null, headers_file: null };
}

export interface Bench {
  readonly sources: Sources;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly log: readonly string[];
  readonly folder: string;
  /** Files that wait to be applied. */
  readonly incoming: () => readonly string[];
  /** Lets time pass, then looks. */
  readonly after: (ms: number) => Promise<void>;
}

/** Sources on a store and a clock of their own, looked at only when the test says so. */
export async function startBench(
  t: ExecutionContext,
  specs: readonly SourceSpec[],
  given: { readonly store?: Store; readonly clock?: FakeClock } = {},
): Promise<Bench> {
  const store = given.store ?? temporaryStore(t);
  const clock = given.clock ?? fakeClock(start);
  const folder = join(temporaryFolder(t), 'incoming');
  const log: string[] = [];
  const sources = await startSources({
    ...{ store, clock, folder, random: () => 0.5, lookMs: 0 },
    sources: () => specs,
    log: (line) => void log.push(line),
  });
  t.teardown(() => sources.stop());
  return {
    ...{ sources, clock, store, log, folder },
    incoming: () => (existsSync(folder) ? readdirSync(folder) : []),
    after: (ms) => {
      clock.advance(ms);
      return sources.look();
    },
  };
}

export interface Signer {
  readonly keyFile: string;
  readonly privateKey: KeyObject;
  /** A statement of this signer about a text. */
  readonly sign: (
    text: string,
    sequence: number,
    more?: { readonly kind?: 'devices' | 'firmware'; readonly name?: string; readonly until?: number },
  ) => Promise<string>;
}

/** A key pair whose public key stands in a file. */
export function newSigner(t: ExecutionContext): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const folder = temporaryFolder(t);
  mkdirSync(folder, { recursive: true });
  const keyFile = join(folder, 'signer.pub.pem');
  writeFileSync(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
  return {
    keyFile,
    privateKey,
    sign: (text, sequence, more = {}) =>
      signStatement({ kind: 'devices', sequence, sha256: sha256Hex(Buffer.from(text)), ...more }, privateKey),
  };
}
