import { linesOfBlock } from '../../audit/read-blocks.ts';
import type { AuditRecord } from '../../audit/record.ts';
import type { RecordFile } from '../../audit/sources/types.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { lineReader } from '../records/line.ts';
import type { FoundRecord } from '../records/line.ts';
import type { DecidingSettings, FoundSettings } from '../records/settings.ts';
import { isSuperseded, supersededIds } from '../records/superseded.ts';
import { sampleFormat } from './header.ts';
import type { SampleHeader, StratumKey } from './header.ts';
import { pseudonymise } from './pseudonymise.ts';
import type { Pseudonym } from './pseudonyms.ts';
import { drawOf, Strata, stratumOf } from './strata.ts';

export interface SampleOptions {
  readonly files: readonly RecordFile[];
  readonly by: readonly StratumKey[];
  readonly most: number;
  /** Records from then on; RFC 3339 in UTC as records have it. */
  readonly since: string | undefined;
  readonly seed: string;
  /** Replaces identifiers; undefined: records stay as they are. */
  readonly pseudonym: Pseudonym | undefined;
  /** What is no record is left out, and not refused. */
  readonly skipDamaged?: boolean;
  readonly settingsOf: (configuration: unknown) => FoundSettings | undefined;
  readonly onBytes?: (phase: 'looking' | 'counting' | 'writing', count: number) => void;
}

/** What is known before the first line is written. */
export interface Sample {
  readonly header: SampleHeader;
  readonly strata: number;
  /** Records that lack members or are of a newer program, and damaged lines: nobody can decide them anew. */
  readonly left_out: number;
  /** Configurations that are not kept: the present one stands for them, or nothing does. */
  readonly settings_missing: number;
  /** Text lines without their line feed, the header first. */
  readonly lines: () => AsyncGenerator<string>;
}

/**
 * Chooses records of files for a sample, in two passes over them: one counts, one writes. The same files, options and seed
 * give the same sample. Throws PDP_INPUT_MALFORMED naming file and line for what is no record, PDP_LIMIT_EXCEEDED
 * where there are more strata than records may be in the sample.
 */
export async function sampleRecords(options: SampleOptions): Promise<Sample> {
  const { by, most, onBytes } = options;
  const superseded = await supersededIds(options.files, (count) => onBytes?.('looking', count));
  const each = (phase: 'counting' | 'writing') =>
    eachRecord(superseded, options, (count) => onBytes?.(phase, count));
  const strata = new Strata();
  const settings = new Map<string, DecidingSettings>();
  const missing = new Set<string>();
  let leftOut = 0;
  for await (const found of each('counting')) {
    if (!found?.whole) {
      leftOut += 1;
      continue;
    }
    const { record } = found;
    strata.add(stratumOf(record, by), drawOf(options.seed, record.decision_id));
    noteSettings(record, options, settings, missing);
  }
  if (strata.count > most)
    throw new PortreeveError(
      'PDP_LIMIT_EXCEEDED',
      `there are ${strata.count} combinations of ${by.join(', ')}: more than --max ${most}`,
    );
  const choice = strata.choose(most);
  const header: SampleHeader = {
    ...{ kind: 'sample', schema: sampleFormat, by, decisions: strata.size, kept: choice.kept },
    ...{ pseudonymised: options.pseudonym !== undefined, seed: options.seed, since: options.since ?? null },
    settings: Object.fromEntries(
      [...settings].map(([digest, one]) => [digest, hidden(one, options.pseudonym)]),
    ),
  };
  const lines = async function* (): AsyncGenerator<string> {
    yield JSON.stringify(header);
    for await (const found of each('writing')) {
      if (!found?.whole) continue;
      const { record } = found;
      const weight = choice.weightOf(stratumOf(record, by), drawOf(options.seed, record.decision_id));
      if (weight !== undefined) yield sampledLine(found, weight, options.pseudonym);
    }
  };
  return { header, strata: strata.count, left_out: leftOut, settings_missing: missing.size, lines };
}

/** Records that count and are new enough; undefined for those of newer programs and for damaged ones. */
async function* eachRecord(
  superseded: ReadonlySet<string>,
  { files, since, skipDamaged = false }: SampleOptions,
  onBytes: (count: number) => void,
): AsyncGenerator<FoundRecord | undefined> {
  const readLine = lineReader(skipDamaged);
  for (const { path, blocks } of files) {
    for await (const block of blocks(onBytes)) {
      for (const { text, line } of linesOfBlock(block)) {
        const read = readLine(text, path, line);
        if (read.is === 'newer' || read.is === 'damaged') yield undefined;
        if (read.is === 'sample')
          throw new PortreeveError('PDP_INPUT_MALFORMED', `${path}:${line}: this is a sample already`);
        if (read.is !== 'record' || isSuperseded(read.record, superseded)) continue;
        if (since === undefined || read.record.time >= since) yield read;
      }
    }
  }
}

function noteSettings(
  { versions: { configuration } }: AuditRecord,
  { settingsOf }: SampleOptions,
  settings: Map<string, DecidingSettings>,
  missing: Set<string>,
): void {
  if (settings.has(configuration)) return;
  const found = settingsOf(configuration);
  if (!found || found.presumed) missing.add(configuration);
  if (found) settings.set(configuration, found.settings);
}

/** Rules for the glass name devices, and people. */
function hidden(
  { classes, enforcement }: DecidingSettings,
  pseudonym: Pseudonym | undefined,
): DecidingSettings {
  if (!pseudonym) return { classes, enforcement };
  const glass = enforcement.break_glass.map((rule) => ({
    ...rule,
    ...{ devices: rule.devices.map(pseudonym), who: pseudonym(rule.who), why: pseudonym(rule.why) },
  }));
  return { classes, enforcement: { ...enforcement, break_glass: glass } };
}

function sampledLine({ record }: FoundRecord, weight: number, pseudonym: Pseudonym | undefined): string {
  const written = pseudonym ? pseudonymise(record, pseudonym) : { record, redacted: [] };
  return JSON.stringify({ kind: 'sampled', weight, redacted: written.redacted, record: written.record });
}
