import { MergedGroups } from '../../audit/merged.ts';
import { redactsSource } from '../../config/redacted-path.ts';
import type { Config } from '../../config/types.ts';
import type { MadeDecision } from '../../decision/types.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Channel, ToParent } from '../worker/channel.ts';
import { createPacing } from './pacing.ts';
import { isStranger, sourceNetwork, StrangerRates } from './strangers.ts';

/** The worker's part of merging: tells which denials have no record of their own, and counts them. */
export interface Merging {
  /**
   * Whether the decision is one of many strangers' that are only counted. Then the promise is that of its count having
   * left this process: a kill of it takes no count of a decision that was answered with it.
   */
  takes(made: MadeDecision): Promise<void> | undefined;
}

export interface MergingOptions {
  readonly config: Pick<Config, 'audit' | 'server'>;
  readonly channel: Pick<Channel<ToParent>, 'send'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Between two messages (ms): what is denied meanwhile goes together. */
const pauseMs = 2;

/** Counts beyond the rates of `audit.strangers`; an answer waits for no disk, and hardly for its company. */
export function createMerging({ config: { audit, server }, channel, clock }: MergingOptions): Merging {
  const rates = new StrangerRates(audit.strangers, server.workers);
  const hidden = redactsSource(audit.redact.fields);
  const groups = new MergedGroups();
  const pacing = createPacing(() => pauseMs);
  let leaving: Promise<void> | undefined;
  const leave = (): Promise<void> => {
    leaving = undefined;
    return channel.send({ kind: 'merged', groups: groups.take() });
  };
  return {
    takes: (made) => {
      if (!isStranger(made)) return undefined;
      const { decision, pep, door } = made;
      const network = sourceNetwork(made, audit.strangers);
      if (rates.takes(pep.name, network, clock.monotonic())) return undefined;
      groups.add({
        ...{ tenant: decision.tenant, pep: pep.name, door, network: hidden ? null : network, count: 1 },
        ...{ first: decision.time, last: decision.time, reasons: { [decision.reasons[0]?.code ?? '']: 1 } },
      });
      return (leaving ??= new Promise((resolve, reject) => {
        pacing.next(() => void leave().then(resolve, reject));
      }));
    },
  };
}
