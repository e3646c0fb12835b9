import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { keyListBytes } from '../../src/audit/log/keys.ts';
import { recordBytes } from '../../src/audit/record.ts';
import { signCheckpoint } from '../../src/audit/tlog/checkpoint.ts';
import { rootOf } from '../../src/audit/tlog/frontier.ts';
import { leafHash } from '../../src/audit/tlog/hash.ts';
import { noteSigner } from '../../src/audit/tlog/note.ts';
import { formatInstant } from '../../src/lib/clock.ts';
import { tilesOf } from './tlog.ts';

const key = generateKeyPairSync('ed25519').privateKey;
/** Name of the log's key. */
export const origin = 'log.example/site';

/** A temporary folder that is gone after the test. */
export function temporaryFolder(t: Pick<ExecutionContext, 'teardown'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-log-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Entries of a log for records, or for texts as they are. */
export function entriesOf(records: readonly (object | string)[]): readonly Uint8Array[] {
  return records.map((one) => Buffer.from(typeof one === 'string' ? one : recordBytes(one)));
}

/** Writes the static files of a log with these entries, over what is there. */
export function writeLog(folder: string, records: readonly (object | string)[]): void {
  const entries = entriesOf(records);
  const files = new Map(tilesOf(entries));
  const root = rootOf(entries.map(leafHash));
  const checkpoint = { origin, size: entries.length, root, extensions: [] };
  files.set('checkpoint', signCheckpoint(checkpoint, [noteSigner(origin, key)]));
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}

/** The list of keys of such a log, which its folder does not have: `keys/log.json`. */
export function keyList(): Uint8Array {
  const from = { time: formatInstant(beginning), size: 0 };
  return keyListBytes({
    keys: [{ key: noteSigner(origin, key).verifier.text, from, until: null, succession: null }],
  });
}

/** A log in a folder that is gone after the test. */
export function logIn(t: Pick<ExecutionContext, 'teardown'>, records: readonly (object | string)[]): string {
  const folder = temporaryFolder(t);
  writeLog(folder, records);
  return folder;
}

/** Begin of what the records tell: 2026-11-20T08:00:00Z. */
export const beginning = 1_795_161_600_000;

/** Values of a record that tests look for. */
export interface Told {
  readonly device?: string | null;
  readonly outcome?: 'allow' | 'deny';
  readonly reasons?: readonly string[];
  readonly site?: string | null;
  readonly pep?: string;
  readonly address?: string;
  readonly at?: number;
  readonly redacted?: readonly string[];
}

/** What the reading of logs looks at of a decision's record, and no more; the number makes it unlike others. */
export function toldRecord(number: number, told: Told = {}): Record<string, unknown> {
  const { outcome = 'allow', at = beginning + number * 1000, pep = 'edge', address = '10.1.2.3' } = told;
  const reasons = told.reasons ?? [outcome === 'allow' ? 'policy.ok' : 'credential.expired'];
  return {
    ...{ kind: 'decision', schema: 1, tenant: 'default', time: formatInstant(at), outcome, enforced: true },
    decision_id: `019aa1c0-0000-7000-8000-${String(number).padStart(12, '0')}`,
    device_id: told.device === undefined ? `meter-${number % 7}` : told.device,
    reasons: reasons.map((code) => ({
      code,
      message: code,
      severity: outcome === 'allow' ? 'info' : 'deny',
    })),
    ...{ class: 'meter', owner: 'grid', site: told.site ?? 'north', gateway: null, door: 'native' },
    ...{ assurance: 'device_proved', pep: { name: pep }, leaf: 'aa'.repeat(32), key: 'bb'.repeat(32) },
    ...{ issuer: 'CN=Devices', issuer_key: null, serial: '01', trace_id: null, connection_id: null },
    versions: { bundle: 'cc'.repeat(32) },
    facts: { connection: { source_ip: address, claims: {} }, attestation: {} },
    ...(told.redacted && { redacted: told.redacted }),
  };
}
