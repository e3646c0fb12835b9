import { PortreeveError } from '../../lib/errors.ts';
import type { CrlWorld } from '../apply-crl-file.ts';
import type { InForce } from '../reload.ts';
import { configuredSources } from './configured.ts';
import { applyCrls } from './crl-sources.ts';
import type { Apply, SourceKind, SourceSpec } from './types.ts';

/** Every background source of what is in force with what becomes of what it brings, worked out once for each in force. */
export function sourceSpecs(world: CrlWorld, inForce: () => InForce): () => readonly SourceSpec[] {
  const appliers: Partial<Record<SourceKind, Apply>> = {
    crl: (brought) => applyCrls(brought, world),
  };
  let madeFor: InForce | undefined;
  let specs: readonly SourceSpec[] = [];
  return () => {
    const current = inForce();
    if (madeFor !== current) {
      const entries = configuredSources(current.config, current.authorities);
      specs = entries.map((entry) => ({ ...entry, apply: applierOf(entry.kind, appliers) }));
    }
    madeFor = current;
    return specs;
  };
}

function applierOf(kind: SourceKind, appliers: Partial<Record<SourceKind, Apply>>): Apply {
  const apply = appliers[kind];
  if (!apply)
    throw new PortreeveError('PDP_INTERNAL', `sources of kind ${kind} are configured and not applied`);
  return apply;
}
