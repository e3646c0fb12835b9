import type { PolicyEngine } from '../policy/types.ts';
import type { DecisionDeps } from './deps.ts';
import type { Gathered } from './facts.ts';
import type { Versions } from './types.ts';

/** Version of `PolicyInput` that this program makes. */
export const inputVersion = 1;

/** Everything that a decision is made from; no state is named where none could be read. */
export function versionsOf(
  deps: DecisionDeps,
  engine: PolicyEngine | undefined,
  state: Gathered['state'] = { epochs: {}, crls: [] },
): Versions {
  return {
    program: deps.program,
    instance: deps.store.instance,
    site: deps.config.site,
    bundle: engine?.bundle.digest ?? null,
    input_version: inputVersion,
    epochs: state.epochs,
    crls: state.crls,
    configuration: deps.digests.configuration,
    anchors: deps.digests.anchors,
    classes: deps.digests.classes,
    catalogue: deps.digests.catalogue,
  };
}
