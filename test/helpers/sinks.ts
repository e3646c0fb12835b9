import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { openLog } from '../../src/audit/log/open-log.ts';
import type { Log } from '../../src/audit/log/types.ts';
import { leafHash } from '../../src/audit/tlog/hash.ts';
import type { SinkConfig } from '../../src/config/types.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { startSinks } from '../../src/server/sinks/sinks.ts';
import type { RunningSinks } from '../../src/server/sinks/sinks.ts';
import { fakeClock } from './fake-clock.ts';
import type { FakeClock } from './fake-clock.ts';
import { entryOf, logBegin } from './made-log.ts';
import { temporaryFolder } from './temporary-store.ts';

export const origin = 'pdp.example.org/lyon';

/** A log in a folder that grows, and sinks that are fed from it. */
export interface SinkSite {
  readonly folder: string;
  readonly log: Log;
  readonly clock: FakeClock;
  /** What sinks said. */
  readonly said: string[];
  /** Texts of all entries. */
  readonly entries: readonly string[];
  grow(count: number): Promise<void>;
  start(one: Partial<SinkConfig>, more?: { readonly log?: Log; readonly clock?: Clock }): RunningSinks;
  /** Ends every pause, then waits until the sink has everything. */
  caughtUp(sinks: RunningSinks): Promise<void>;
}

const unsaid: SinkConfig = {
  ...{ name: 'siem', file: null, syslog: null, otlp: null, format: 'record', begin: 'oldest' },
  ...{ ca: null, certificate: null, key: null, headers_file: null, facility: 13, max_message: 262_144 },
  ...{ rotate_bytes: 67_108_864, keep: 20, interval: 1000, timeout: 5000 },
};

export async function sinkSite(t: ExecutionContext): Promise<SinkSite> {
  const folder = join(temporaryFolder(t), 'log');
  const keyFile = join(temporaryFolder(t), 'key.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const log = openLog(folder, {
    ...{ origin, defaultOrigin: origin, keyFile, mode: 'relaxed', flushMs: 100 },
    ...{ checkpointMs: 600_000, now: Date.now },
  });
  t.teardown(() => log.close());
  const clock = fakeClock(logBegin + 3_600_000);
  const said: string[] = [];
  const entries: string[] = [];
  await log.open();
  return {
    ...{ folder, log, clock, said, entries },
    grow: async (count) => {
      const lines = Array.from({ length: count }, (_, place) => {
        const index = entries.length + place;
        return Buffer.from(entryOf(index, logBegin + index * 1000)).toString();
      });
      entries.push(...lines);
      await log.append(lines);
      await log.integrate();
    },
    start: (one, more = {}) => {
      const sinks = startSinks({
        ...{ config: { path: folder, sinks: [{ ...unsaid, ...one }] }, log, clock, instance: 'pdp-1' },
        ...{ say: (line: string) => said.push(line), random: () => 0 },
        ...more,
      });
      t.teardown(() => sinks.stop());
      return sinks;
    },
    caughtUp: async (sinks) => {
      const isDone = (): boolean => sinks.views().every((view) => view.next === entries.length);
      while (!isDone()) {
        sinks.ask();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

/** What a sink was sent of an entry, in its place in the log. */
export interface Sent {
  readonly log: string;
  readonly index: number;
  readonly hash: string;
  readonly record: unknown;
}

/**
 * Holds what was sent against the log: every index is there, each with the hash of its entry. Answers how many came more
 * than once.
 */
export function assertComplete(
  t: ExecutionContext,
  sent: readonly Sent[],
  entries: readonly string[],
): number {
  const hashes = new Map<number, string>();
  for (const { log, index, hash } of sent) {
    t.is(log, origin);
    t.is(hashes.get(index) ?? hash, hash, 'the same index has the same hash');
    hashes.set(index, hash);
  }
  const wanted = entries.map((entry) => Buffer.from(leafHash(Buffer.from(entry))).toString('hex'));
  t.deepEqual(
    wanted.flatMap((hash, index) => (hashes.get(index) === hash ? [] : [index])),
    [],
    'no index is missing',
  );
  t.is(hashes.size, entries.length);
  return sent.length - hashes.size;
}
