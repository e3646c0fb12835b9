import { derivedDifferences } from '../../audit/derived.ts';
import { kept } from '../../audit/kept.ts';
import { readRecord } from '../../audit/read-record.ts';
import type { AuditRecord } from '../../audit/record.ts';
import type { Config } from '../../config/types.ts';
import type { Difference } from '../../decision/differences.ts';
import { concludeAgain, type Kept, type Replay } from '../../decision/replay.ts';
import { parseBundle } from '../../policy/bundle.ts';
import { createPolicyEngine } from '../../policy/engine.ts';
import type { ClassRules, PolicyEngine } from '../../policy/types.ts';
import { parseCrl, type ParsedCrl } from '../../revocation/parse-crl.ts';
import { keptFolder } from '../../server/keep-versions.ts';
import { program } from '../../server/program.ts';
import type { CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input.ts';
import { plain, table } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { keptAnchors } from './kept-anchors.ts';
import { unlessOther } from './unless-other.ts';

const mostBytes = 8 * 1024 * 1024;

/**
 * `decide --replay RECORD`: concludes a recorded decision again from what was kept under its digests. Throws
 * PDP_INPUT_MALFORMED for what is no record, PDP_FORMAT_NEWER for a newer one.
 */
export async function replayRecord(file: string, options: CommonOptions, session: Session): Promise<Answer> {
  const folder = keptFolder(session.config(options.config));
  const record = readRecord(await readInput(file, mostBytes, session));
  const gathered = await gather(record, folder);
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

interface Gathered {
  readonly parts: Kept;
  readonly missing: readonly string[];
  readonly differences: readonly Difference[];
}

/** What the record's digests name, as far as it was kept. */
async function gather(record: AuditRecord, folder: string): Promise<Gathered> {
  const { bundle, configuration, classes } = record.versions;
  const settings = keptConfig(folder, configuration);
  const rules = keptJson<Record<string, ClassRules>>(folder, classes);
  const bytes = bundle === null ? undefined : kept(folder, bundle);
  const anchors = keptAnchors(record.versions, settings, folder);
  const missing = rules === undefined && record.input !== null ? [`classes ${classes}`] : [];
  const engine = bytes && rules ? await loadEngine(bytes, rules).catch(() => undefined) : undefined;
  return {
    parts: { engine, settings, trust: anchors.trust, crl: crlsIn(folder), program },
    missing: [...missing, ...anchors.missing],
    differences: anchors.differences,
  };
}

/** The kept CRL of a digest, read once. */
function crlsIn(folder: string): Kept['crl'] {
  const read = new Map<string, ParsedCrl | undefined>();
  return (digest) => {
    if (!read.has(digest)) {
      const bytes = kept(folder, digest);
      read.set(digest, bytes && unlessOther(() => parseCrl(bytes)));
    }
    return read.get(digest);
  };
}

async function loadEngine(bytes: Uint8Array, classes: Record<string, ClassRules>): Promise<PolicyEngine> {
  return createPolicyEngine(parseBundle(bytes), { classes });
}

/** A kept configuration; undefined where the digest names something else that was kept. */
function keptConfig(folder: string, digest: string): Config | undefined {
  const config = keptJson<Partial<Config>>(folder, digest);
  return config?.enforcement && config.trust && config.audit ? (config as Config) : undefined;
}

/** JSON that this program wrote and whose digest was just checked. */
function keptJson<T extends object>(folder: string, digest: string): T | undefined {
  const bytes = kept(folder, digest);
  return bytes && unlessOther(() => JSON.parse(new TextDecoder().decode(bytes)) as T);
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
