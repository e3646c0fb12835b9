import { derivedDifferences } from '../../audit/derived.ts';
import { readRecord } from '../../audit/read-record.ts';
import { recordBytes } from '../../audit/record.ts';
import type { AuditRecord } from '../../audit/record.ts';
import { judgeReplay } from '../../audit/replayable.ts';
import type { Difference } from '../../decision/differences.ts';
import type { Decision } from '../../decision/types.ts';
import { concludeAgain } from '../../decision/replay.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { keptFolder } from '../../server/records/keep-versions.ts';
import { findRecord } from '../../workshop/case-add/find-record.ts';
import type { CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input.ts';
import { plain, table, type Paint } from '../output.ts';
import { optionalConfig } from '../policy/optional-config.ts';
import { refuseWithoutKept, withKeptAway, type AwayLog } from '../kept-away.ts';
import { openRecordSource } from '../record-source.ts';
import type { Answer, Session } from '../session.ts';
import { createGatherer, type Gathered } from './gather.ts';

const mostBytes = 8 * 1024 * 1024;

interface ReplayOptions extends CommonOptions {
  readonly records?: readonly string[];
}

/** What came of concluding a recorded decision again. */
export interface ReplayedRecord {
  readonly same: boolean;
  readonly missing: readonly string[];
  readonly differences: readonly Difference[];
  readonly notShown: readonly string[];
  /** JSON pointers of what is redacted and not revealed: the same as far as the rest goes. */
  readonly hidden: readonly string[];
  readonly decision: Decision | null;
}

/**
 * `decide --replay RECORD`: concludes a recorded decision again from what was kept under its digests. With records,
 * RECORD is the id of one of them. Throws PDP_INPUT_MALFORMED for what is no record, PDP_FORMAT_NEWER for a newer one,
 * PDP_NOT_FOUND for an id that no record has.
 */
export async function replayRecord(name: string, options: ReplayOptions, session: Session): Promise<Answer> {
  const { record, folders, logs } = await recordAndKept(name, options, session);
  const replay = await withKeptAway(logs, async (away) => {
    const bytes = Buffer.from(recordBytes(record));
    const brought: (number | undefined)[] = [];
    for (const log of logs) brought.push(await away.bring(bytes, log));
    if (folders.length === 0 && !brought.some((count) => count)) refuseWithoutKept(String(logs[0]?.origin));
    return concludeRecordAgain(record, createGatherer([...folders, ...away.folders]));
  });
  return {
    exit: replay.same ? exitCodes.ok : exitCodes.failed,
    data: replayData(record, replay),
    text: replayText(record, replay, session.paint),
  };
}

async function recordAndKept(
  name: string,
  { records, config }: ReplayOptions,
  session: Session,
): Promise<{
  readonly record: AuditRecord;
  readonly folders: readonly string[];
  readonly logs: readonly AwayLog[];
}> {
  if (records === undefined) {
    const folders = [keptFolder(session.config(config))];
    return { record: readRecord(await readInput(name, mostBytes, session)), folders, logs: [] };
  }
  const { files, keptFolders, logs } = await openRecordSource(records, session);
  const found = optionalConfig(config, session);
  const folders = [...(found ? [keptFolder(found)] : []), ...keptFolders];
  if (folders.length === 0 && !logs.some(({ readKept }) => readKept))
    throw new PortreeveError(
      'PDP_USAGE',
      'nothing is kept beside these records: name the configuration with --config',
    );
  return { record: await findRecord(files, name, () => undefined), folders, logs };
}

/** Concludes a record again by what is gathered of what it names, and compares everything. Throws as `createGatherer`. */
export async function concludeRecordAgain(
  record: AuditRecord,
  gather: (record: AuditRecord) => Promise<Gathered>,
): Promise<ReplayedRecord> {
  const gathered = await gather(record);
  const replay = concludeAgain(gathered.record, gathered.parts);
  const lost = [...gathered.missing, ...replay.missing];
  const { missing, differences, hidden } = judgeReplay(gathered.record, {
    missing: lost,
    differences: distinct([
      ...gathered.differences,
      ...replay.differences,
      ...(lost.length > 0 ? [] : derivedDifferences(gathered.record)),
    ]),
  });
  const same = missing.length === 0 && differences.length === 0;
  const { notShown, decision } = replay;
  return { same, missing, differences, notShown, hidden, decision };
}

/** A replay for machines. */
export function replayData(
  record: AuditRecord,
  { same, notShown, hidden, missing, differences, decision }: ReplayedRecord,
) {
  const about = { decision_id: record.decision_id, same, not_shown: notShown, hidden };
  return { ...about, missing, differences, decision };
}

/** The facts and the decision of a record speak of the same things. */
function distinct(differences: readonly Difference[]): readonly Difference[] {
  return [...new Map(differences.map((one) => [one.path, one])).values()];
}

/** A replay for people. */
export function replayText(record: AuditRecord, replay: ReplayedRecord, paint: Paint): string {
  const { missing, notShown, hidden } = replay;
  if (missing.length > 0) {
    const lines = missing.map((one) => `  ${plain(one)}\n`).join('');
    return `${paint('warn', 'cannot be concluded again')}: ${record.decision_id}\nmissing:\n${lines}`;
  }
  const rest = `not shown by what was kept: ${notShown.join(', ')}\n`;
  if (replay.same) {
    const far = hidden.length > 0 ? `, as far as it is revealed; redacted: ${plain(hidden.join(', '))}` : '';
    return `${paint('good', 'same')}: ${record.decision_id} is ${record.outcome} again${far}\n${rest}`;
  }
  const rows = replay.differences.map(({ path, recorded, replayed }) => [
    path,
    JSON.stringify(recorded),
    JSON.stringify(replayed),
  ]);
  const head = ['where', 'recorded', 'again'];
  return `${paint('bad', 'different')}: ${record.decision_id}\n${table(head, rows, paint)}`;
}
