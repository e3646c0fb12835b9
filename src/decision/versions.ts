import { newestInputVersion } from '../policy/input-versions.ts';
import type { PolicyEngine } from '../policy/types.ts';
import type { DecisionDeps } from './deps.ts';
import type { Gathered } from './facts.ts';
import type { Versions } from './types.ts';

/** Everything that a decision is made from; no state is named where none could be read. */
export function versionsOf(
  deps: DecisionDeps,
  engine: PolicyEngine | undefined,
  state: Gathered['state'] = { epochs: {}, crls: [] },
): Versions {
  return {
    anchors: deps.digests.anchors,
    bundle: engine?.bundle.digest ?? null,
    catalogue: deps.digests.catalogue,
    classes: deps.digests.classes,
    configuration: deps.digests.configuration,
    crls: state.crls,
    epochs: state.epochs,
    input_version: engine?.bundle.inputVersion ?? newestInputVersion,
    instance: deps.store.instance,
    program: deps.program,
    site: deps.config.site,
  };
}
