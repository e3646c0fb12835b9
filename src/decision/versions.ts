import { canonicalForm } from '../lib/canonical-json.ts';
import { newestInputVersion } from '../policy/input-versions.ts';
import type { PolicyEngine } from '../policy/types.ts';
import type { DecisionDeps } from './deps.ts';
import type { Gathered } from './facts.ts';
import type { Versions } from './types.ts';

/** What was last said of decisions that consulted this CRL first: as a rule, all of one issuer's devices have the same. */
const remembered = new WeakMap<Versions['crls'][number], Versions>();

/**
 * Everything that a decision is made from; no state is named where none could be read. The same object where it is the
 * same as before.
 */
export function versionsOf(
  deps: DecisionDeps,
  engine: PolicyEngine | undefined,
  state: Gathered['state'] = { epochs: {}, crls: [] },
): Versions {
  const [first] = state.crls;
  const versions: Versions = {
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
  if (first === undefined) return versions;
  const known = remembered.get(first);
  if (known && isSame(known, versions)) return known;
  const form = canonicalForm(versions);
  remembered.set(first, form);
  return form;
}

/** By all members, of which each but the list of CRLs is a text, a number or kept as one object: none can be forgotten here. */
function isSame(a: Versions, b: Versions): boolean {
  const others = (Object.keys(b) as (keyof Versions)[]).filter((name) => name !== 'crls');
  return (
    others.every((name) => a[name] === b[name]) &&
    a.crls.length === b.crls.length &&
    a.crls.every((crl, index) => crl === b.crls[index])
  );
}
