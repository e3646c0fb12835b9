import { derivedDifferences } from '../../audit/derived.ts';
import { readRecord } from '../../audit/read-record.ts';
import type { AuditRecord } from '../../audit/record.ts';
import type { Difference } from '../../decision/differences.ts';
import { concludeAgain, type Replay } from '../../decision/replay.ts';
import { keptFolder } from '../../server/keep-versions.ts';
import type { CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input.ts';
import { plain, table } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { createGatherer } from './gather.ts';

const mostBytes = 8 * 1024 * 1024;

/**
 * `decide --replay RECORD`: concludes a recorded decision again from what was kept under its digests. Throws
 * PDP_INPUT_MALFORMED for what is no record, PDP_FORMAT_NEWER for a newer one.
 */
export async function replayRecord(file: string, options: CommonOptions, session: Session): Promise<Answer> {
  const folder = keptFolder(session.config(options.config));
  const record = readRecord(await readInput(file, mostBytes, session));
  const gathered = await createGatherer(folder)(record);
  const replay = concludeAgain(record, gathered.parts);
  const missing = [...new Set([...gathered.missing, ...replay.missing])];
  const differences = distinct([
    ...gathered.differences,
    ...replay.differences,
    ...(missing.length > 0 ? [] : derivedDifferences(record)),
  ]);
  const same = missing.length === 0 && differences.length === 0;
  return {
    exit: same ? exitCodes.ok : exitCodes.failed,
    data: {
      decision_id: record.decision_id,
      same,
      not_shown: replay.notShown,
      missing,
      differences,
      decision: replay.decision,
    },
    text: replayText(record, { ...replay, same, missing, differences }, session),
  };
}

/** The facts and the decision of a record speak of the same things. */
function distinct(differences: readonly Difference[]): readonly Difference[] {
  return [...new Map(differences.map((one) => [one.path, one])).values()];
}

function replayText(record: AuditRecord, replay: Replay, { paint }: Session): string {
  const { missing, notShown } = replay;
  if (missing.length > 0) {
    const lines = missing.map((one) => `  ${plain(one)}\n`).join('');
    return `${paint('warn', 'cannot be concluded again')}: ${record.decision_id}\nmissing:\n${lines}`;
  }
  const rest = `not shown by what was kept: ${notShown.join(', ')}\n`;
  if (replay.same) {
    return `${paint('good', 'same')}: ${record.decision_id} is ${record.outcome} again\n${rest}`;
  }
  const rows = replay.differences.map(({ path, recorded, replayed }) => [
    path,
    JSON.stringify(recorded),
    JSON.stringify(replayed),
  ]);
  const head = ['where', 'recorded', 'again'];
  return `${paint('bad', 'different')}: ${record.decision_id}\n${table(head, rows, paint)}`;
}
