import { linesOfBlock } from '../../audit/read-blocks.ts';
import type { AuditRecord } from '../../audit/record.ts';
import type { RecordFile } from '../../audit/sources/types.ts';
import { parseBundle } from '../../policy/bundle.ts';
import { createPolicyEngine } from '../../policy/engine.ts';
import { lineReader } from '../records/line.ts';
import type { FoundRecord } from '../records/line.ts';
import type { FoundSettings } from '../records/settings.ts';
import { isSuperseded, supersededIds } from '../records/superseded.ts';
import { replayPolicy, replayWhole } from './replay-record.ts';
import type { Replayed, ReplayParts } from './replay-record.ts';
import type { ReplayFinding, ReplayPolicy, ReplayReport } from './types.ts';

export interface ReplayOptions {
  readonly files: readonly RecordFile[];
  /** What a record names by digest, as far as it is kept; undefined where nothing is. */
  readonly gather: ((record: AuditRecord) => Promise<ReplayParts>) | undefined;
  /** The bytes of a bundle by its digest: kept, or given; undefined where it is not there. */
  readonly bundleOf: (digest: string) => Uint8Array | undefined;
  readonly settingsOf: (configuration: unknown) => FoundSettings | undefined;
  /** What is no record cannot be replayed, and is not refused. */
  readonly skipDamaged?: boolean;
  /** Findings that are told one by one. */
  readonly mostFindings: number;
  readonly onBytes?: (count: number) => void;
}

/**
 * Replays the records of files: the same bundle on the same record gives the same decision. Whole where everything is kept
 * that a record names, else with the bundle and the settings alone, the facts as they stand. Throws PDP_INPUT_MALFORMED
 * naming file and line for what is no record, and what loading a bundle throws.
 */
export async function replayRecords(options: ReplayOptions): Promise<ReplayReport> {
  const superseded = await supersededIds(options.files);
  const policies = policiesOf(options);
  const counts = {
    records: 0,
    same_whole: 0,
    same_policy: 0,
    as_far_as_revealed: 0,
    not_asked: 0,
    different: 0,
    not_replayable: 0,
  };
  const missing = new Map<string, number>();
  const findings: ReplayFinding[] = [];
  const lack = (what: string): void => {
    counts.not_replayable += 1;
    missing.set(what, (missing.get(what) ?? 0) + 1);
  };
  const readLine = lineReader(options.skipDamaged ?? false);
  for (const { path, blocks } of options.files) {
    for await (const block of blocks(options.onBytes)) {
      for (const { text, line } of linesOfBlock(block)) {
        const read = readLine(text, path, line);
        if (read.is === 'damaged') {
          counts.records += 1;
          lack('the line, which is damaged');
        }
        if (read.is === 'newer') {
          counts.records += 1;
          lack(`a program that reads records of format ${read.format}`);
        }
        if (read.is !== 'record' || isSuperseded(read.record, superseded)) continue;
        counts.records += 1;
        const replayed = await replay(read, options, policies);
        if (replayed.is === 'same') {
          counts[`same_${replayed.depth}`] += 1;
          if (replayed.hidden) counts.as_far_as_revealed += 1;
        } else if (replayed.is === 'not_asked') counts.not_asked += 1;
        else if (replayed.is === 'missing') lack(replayed.missing.join(', '));
        else {
          counts.different += 1;
          if (findings.length < options.mostFindings)
            findings.push({
              file: path,
              line,
              ...about(read.record),
              depth: replayed.depth,
              differences: replayed.differences,
            });
        }
      }
    }
  }
  const lost = [...missing].map(([what, records]) => ({ what, records }));
  return { ...counts, missing: lost.sort((a, b) => b.records - a.records), findings };
}

function about({ decision_id, device_id, versions }: AuditRecord) {
  return { decision_id, device_id, bundle: versions.bundle };
}

async function replay(
  found: FoundRecord,
  { gather, settingsOf }: ReplayOptions,
  policies: (record: AuditRecord) => Promise<ReplayPolicy | undefined>,
): Promise<Replayed> {
  if (!found.whole) return { is: 'missing', missing: ['members of the record itself'] };
  // Nothing that a sample's records name is held against their pseudonyms.
  const parts = gather && !found.sampled ? await gather(found.record) : undefined;
  const record = parts?.record ?? found.record;
  const whole = parts && replayWhole(parts);
  if (whole && whole.is !== 'missing') return whole;
  if (record.input === null) return { is: 'not_asked' };
  const { bundle, configuration } = record.versions;
  const settings = settingsOf(configuration);
  const policy = settings && !settings.presumed ? await policies(record) : undefined;
  if (policy && settings) return replayPolicy({ ...found, record }, policy, settings.settings);
  const lacks = [
    ...(settings && !settings.presumed ? [] : [`configuration ${configuration}`]),
    ...(policy || !settings || settings.presumed ? [] : [`bundle ${bundle ?? 'none'}`]),
  ];
  return whole ?? { is: 'missing', missing: lacks };
}

/** Policies and their settings that are held at once. */
const mostHeld = 32;

/** Each bundle with the classes of each configuration, loaded once. */
function policiesOf({ bundleOf, settingsOf }: ReplayOptions) {
  const known = new Map<string, Promise<ReplayPolicy | undefined>>();
  const load = async (digest: string, configuration: string): Promise<ReplayPolicy | undefined> => {
    const bytes = bundleOf(digest);
    const classes = settingsOf(configuration)?.settings.classes;
    if (!bytes || !classes) return undefined;
    const bundle = parseBundle(bytes);
    return { engine: await createPolicyEngine(bundle, { classes }), inputKeys: bundle.inputKeys };
  };
  return ({ versions: { bundle, configuration } }: AuditRecord): Promise<ReplayPolicy | undefined> => {
    if (bundle === null) return Promise.resolve(undefined);
    const key = `${bundle} ${configuration}`;
    const policy = known.get(key) ?? load(bundle, configuration);
    if (known.size >= mostHeld) known.clear();
    known.set(key, policy);
    return policy;
  };
}
