import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { logFiles } from '../../src/audit/read-log.ts';
import { readRecord } from '../../src/audit/read-record.ts';
import { buildRecord, recordBytes } from '../../src/audit/record.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import { lineFile } from '../../src/audit/sources/line-file.ts';
import type { RecordFile } from '../../src/audit/sources/types.ts';
import type { MadeDecision } from '../../src/decision/types.ts';
import { defaultBundlePath } from '../../src/policy/bundle.ts';
import type { SettingsSources } from '../../src/workshop/records/settings.ts';
import type { World } from './world.ts';

/** The record of a decision as it comes back from the log. */
export function recorded(made: MadeDecision): AuditRecord {
  return readRecord(recordBytes(buildRecord(made)));
}

/** A meter's connection, decided in a world and recorded. */
export async function meterRecord(world: World, name: string): Promise<AuditRecord> {
  return recorded(await world.decide(world.connect({ shows: await world.leaf(`meter/${name}`) })));
}

/** Writes lines to a log that is gone after the test. */
export function logOf(
  t: Pick<ExecutionContext, 'teardown'>,
  lines: readonly (object | string)[],
): readonly RecordFile[] {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-log-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'records.ndjson');
  const texts = lines.map((line) => (typeof line === 'string' ? line : recordBytes(line)));
  writeFileSync(path, texts.map((text) => `${text}\n`).join(''));
  return logFiles([path]).map(lineFile);
}

/** A world's own classes and enforcement for every record. */
export function givenSettings({ config }: World): SettingsSources {
  return {
    carried: {},
    keptFolders: [],
    given: { classes: config.classes, enforcement: config.enforcement },
  };
}

/** Bytes of the bundle that ships with the program. */
export const defaultBundle: Uint8Array = readFileSync(defaultBundlePath);
