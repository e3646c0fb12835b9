import type { RecordBlock } from '../../audit/read-blocks.ts';
import { linesOfBlock } from '../../audit/read-blocks.ts';
import type { AuditRecord } from '../../audit/record.ts';
import { flipOf } from '../../decision/compare-decisions.ts';
import type { AskableRecord } from '../../decision/conclude-with.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import { lineReader } from '../records/line.ts';
import type { FoundRecord } from '../records/line.ts';
import { whatIsLacking } from '../records/lacking.ts';
import { settingsReader } from '../records/settings.ts';
import type { SettingsSources } from '../records/settings.ts';
import { isSuperseded } from '../records/superseded.ts';
import { compareAnswers } from './compare.ts';
import { createSides, readsOf } from './sides.ts';
import type { Sides } from './sides.ts';
import { add, addCompared, addUndecidable, newTally } from './tally.ts';
import type { Tally } from './tally.ts';

/** Everything that records are decided anew with. */
export interface JudgeOptions {
  readonly sides: Sides;
  readonly settings: SettingsSources;
  /** Decisions that have a second record. */
  readonly superseded: ReadonlySet<string>;
  /** What is no record is undecidable, and not refused. */
  readonly skipDamaged: boolean;
}

/**
 * Makes the function that decides the records of blocks anew with both bundles and counts. Throws PDP_INPUT_MALFORMED
 * naming file and line for what is no record, PDP_BUNDLE_INVALID where a bundle does not load.
 */
export function createJudge(options: JudgeOptions): (block: RecordBlock) => Promise<Tally> {
  const { sides, superseded } = options;
  const settingsOf = settingsReader(options.settings);
  const askersOf = createSides(sides);
  const reads = readsOf(sides);
  const readLine = lineReader(options.skipDamaged);

  const judge = async (found: FoundRecord, tally: Tally): Promise<void> => {
    const { record, weight } = found;
    if (isSuperseded(record, superseded)) return;
    if (record.input === null && deniesBefore(record))
      return add(tally.not_asked, { lines: 1, scaled: weight });
    const lacking = whatIsLacking(found, reads);
    if (lacking !== undefined) return addUndecidable(tally, lacking, weight);
    const settings = settingsOf(
      (record.versions as Partial<AuditRecord['versions']> | undefined)?.configuration,
    );
    if (!settings) return addUndecidable(tally, 'its configuration is not at hand', weight);
    const ask = await askersOf(settings.settings);
    try {
      // What is lacking otherwise was looked for above.
      const askable = record as AuditRecord & AskableRecord;
      const compared = compareAnswers(
        askable,
        ask({ ...askable, input: askable.input as NonNullable<typeof askable.input> }),
        settings.settings,
      );
      if (settings.presumed) add(tally.presumed_settings, { lines: 1, scaled: weight });
      addCompared(tally, subjectOf(record, weight), compared, flipOf(compared));
    } catch (thrown) {
      if (found.whole) throw thrown;
      addUndecidable(tally, `it is not as records are: ${asPortreeveError(thrown).message}`, weight);
    }
  };

  return async (block) => {
    const tally = newTally();
    for (const { text, line } of linesOfBlock(block)) {
      const read = readLine(text, block.file, line);
      if (read.is === 'record') await judge(read, tally);
      else if (read.is === 'damaged') addUndecidable(tally, 'the line is damaged', 1);
      else if (read.is === 'newer') addUndecidable(tally, `the record has format ${read.format}`, 1);
    }
    return tally;
  };
}

/** Something else than the policy made the denial: the request was malformed, a fact could not be read. */
function deniesBefore({ faults }: { readonly faults?: unknown }): boolean {
  return Array.isArray(faults) && faults.length > 0;
}

function subjectOf(record: AuditRecord, weight: number) {
  const { facts, device_id, class: name, site, time, decision_id } = record;
  return {
    ...{ tenant: facts?.tenant ?? record.tenant, device_id: device_id ?? null },
    ...{ class: name ?? null, site: site ?? null, when: time, ref: decision_id, weight },
  };
}
