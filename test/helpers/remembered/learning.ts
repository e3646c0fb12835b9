import { observationOf } from '../../../src/decision/observations.ts';
import type { MadeDecision } from '../../../src/decision/types.ts';
import { higherVersion } from '../../../src/inventory/firmware/version.ts';
import { createKeyUses } from '../../../src/inventory/observed/key-uses.ts';
import type { Observation } from '../../../src/inventory/observed/types.ts';
import { createObservedWriter } from '../../../src/inventory/observed/write.ts';
import type { Store } from '../../../src/store/types.ts';
import type { Pair } from './pair.ts';

/** What a worker and its parent do with what decisions learn, at moments of the test's own choosing. */
export interface Learning {
  readonly note: (made: MadeDecision) => void;
  /** Brings all of it together and tells the worker, as the parent does some milliseconds later. */
  readonly learn: (pair: Pair) => void;
}

export function createLearning(store: Store): Learning {
  let waiting: MadeDecision[] = [];
  let windowMs = 0;
  const uses = createKeyUses(() => windowMs);
  const write = (observations: readonly Observation[], { learn, config }: Pair): void => {
    const { observed, shared_use: rules } = config();
    windowMs = rules.window;
    const writer = createObservedWriter(store, {
      intervalMs: () => observed.interval,
      certificatesPerDevice: () => observed.certificates_per_device,
      higher: higherVersion,
    });
    const shared = observations.flatMap((one) => (one.vouching ? [] : (uses.note(one) ?? [])));
    const devices: Observation[] = [];
    store.transact(() => {
      writer.writeShared(shared);
      for (const observation of observations) if (writer.write(observation)) devices.push(observation);
    });
    learn({ shared, devices });
  };
  return {
    note: (made) => void waiting.push(made),
    learn: (pair) => {
      const observations = waiting.flatMap((made) => observationOf(made, pair.config().shared_use) ?? []);
      waiting = [];
      if (observations.length > 0) write(observations, pair);
    },
  };
}
