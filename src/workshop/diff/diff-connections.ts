import type { AuditRecord } from '../../audit/record.ts';
import { flipOf } from '../../decision/compare-decisions.ts';
import type { AskableRecord } from '../../decision/conclude-with.ts';
import type { MadeDecision } from '../../decision/types.ts';
import { whatIsLacking } from '../records/lacking.ts';
import type { DecidingSettings } from '../records/settings.ts';
import { compareAnswers } from './compare.ts';
import type { Outcome } from './diff-records.ts';
import { FlippedDevices } from './flipped-devices.ts';
import { createSides, readSides, readsOf } from './sides.ts';
import { add, addCompared, addUndecidable, newTally } from './tally.ts';

export interface DiffConnectionsOptions {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly settings: DecidingSettings;
  readonly mostDevices: number;
}

/** Nothing of a connection was left out, and it stands for itself. */
const ofToday = { whole: true, sampled: false, weight: 1, redacted: [] } as const;

/**
 * Decides connections anew with both bundles, by their facts; what some other policy has said to them does not count.
 * Throws what loading the bundles throws.
 */
export async function diffConnections(
  connections: AsyncIterable<Pick<MadeDecision, 'decision' | 'facts' | 'input'>>,
  options: DiffConnectionsOptions,
): Promise<Outcome> {
  const outcome = { tally: newTally(), devices: new FlippedDevices(options.mostDevices) };
  const sides = readSides(options.before, options.after);
  const reads = readsOf(sides);
  const ask = await createSides(sides)(options.settings);
  const { tally } = outcome;
  for await (const { decision, facts, input } of connections) {
    if (facts === null || input === null) {
      const fault = decision.faults[0];
      if (fault?.stage === 'context') add(tally.not_asked, { lines: 1, scaled: 1 });
      else addUndecidable(tally, fault?.message ?? 'its facts could not be gathered', 1);
      continue;
    }
    const lacking = whatIsLacking({ ...ofToday, record: { input, facts } as AuditRecord }, reads);
    if (lacking !== undefined) {
      addUndecidable(tally, lacking, 1);
      continue;
    }
    const askable: AskableRecord = { decision_id: decision.decision_id, versions: decision.versions, facts };
    const compared = compareAnswers(askable, ask({ ...askable, input }), options.settings);
    const { device, device_id: id, pep } = facts;
    const subject = {
      ...{
        tenant: facts.tenant,
        device_id: id,
        class: device?.class ?? null,
        site: device?.site ?? pep.site ?? null,
      },
      ...{ when: decision.time, ref: decision.decision_id, weight: 1 },
    };
    addCompared(tally, subject, compared, flipOf(compared));
    for (const one of tally.flips.splice(0)) outcome.devices.take(one);
  }
  return outcome;
}
