import { kept } from '../../audit/kept.ts';
import { readRecord } from '../../audit/read-record.ts';
import type { AuditRecord } from '../../audit/record.ts';
import type { Config } from '../../config/types.ts';
import { concludeAgain, type Kept, type Replay } from '../../decision/replay.ts';
import { parseBundle } from '../../policy/bundle.ts';
import { createPolicyEngine } from '../../policy/engine.ts';
import type { ClassRules, PolicyEngine } from '../../policy/types.ts';
import { keptFolder } from '../../server/keep-versions.ts';
import type { CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input.ts';
import { plain, table } from '../output.ts';
import type { Answer, Session } from '../session.ts';

const mostBytes = 8 * 1024 * 1024;

/**
 * `decide --replay RECORD`: concludes a recorded decision again from what was kept under its digests. Throws
 * PDP_INPUT_MALFORMED for what is no record, PDP_FORMAT_NEWER for a newer one.
 */
export async function replayRecord(file: string, options: CommonOptions, session: Session): Promise<Answer> {
  const folder = keptFolder(session.config(options.config));
  const record = readRecord(await readInput(file, mostBytes, session));
  const { parts, missing } = await gather(record, folder);
  const replay = concludeAgain(record, parts);
  const all = [...new Set([...missing, ...replay.missing])];
  const same = replay.same && all.length === 0;
  return {
    exit: same ? exitCodes.ok : exitCodes.failed,
    data: {
      decision_id: record.decision_id,
      same,
      missing: all,
      differences: replay.differences,
      decision: replay.decision,
    },
    text: replayText(record, replay, all, session),
  };
}

/** What the record's digests name, as far as it was kept. */
async function gather(
  record: AuditRecord,
  folder: string,
): Promise<{ parts: Kept; missing: readonly string[] }> {
  const { bundle, configuration, classes } = record.versions;
  const settings = keptJson<Pick<Config, 'enforcement' | 'audit'>>(folder, configuration);
  const rules = keptJson<Record<string, ClassRules>>(folder, classes);
  const bytes = bundle === null ? undefined : kept(folder, bundle);
  const missing = rules === undefined && record.input !== null ? [`classes ${classes}`] : [];
  const engine = bytes && rules ? await loadEngine(bytes, rules) : undefined;
  return { parts: { engine, settings }, missing };
}

function loadEngine(bytes: Uint8Array, classes: Record<string, ClassRules>): Promise<PolicyEngine> {
  return createPolicyEngine(parseBundle(bytes), { classes });
}

/** JSON that this program wrote and whose digest was just checked. */
function keptJson<T>(folder: string, digest: string): T | undefined {
  const bytes = kept(folder, digest);
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as T);
}

function replayText(
  record: AuditRecord,
  replay: Replay,
  missing: readonly string[],
  { paint }: Session,
): string {
  if (missing.length > 0) {
    const lines = missing.map((one) => `  ${plain(one)}\n`).join('');
    return `${paint('warn', 'cannot be concluded again')}: ${record.decision_id}\nmissing:\n${lines}`;
  }
  if (replay.same) return `${paint('good', 'same')}: ${record.decision_id} is ${record.outcome} again\n`;
  const rows = replay.differences.map(({ path, recorded, replayed }) => [
    path,
    JSON.stringify(recorded),
    JSON.stringify(replayed),
  ]);
  return `${paint('bad', 'different')}: ${record.decision_id}\n${table(['where', 'recorded', 'again'], rows, paint)}`;
}
