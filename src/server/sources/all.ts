import type { CrlWorld } from '../apply-crl-file.ts';
import type { InForce } from '../reload.ts';
import { crlSources } from './crl-sources.ts';
import { keySources } from './key-sources.ts';
import type { SourceSpec } from './types.ts';

/** Every background source of what is in force, worked out once for each that comes into force. */
export function sourceSpecs(world: CrlWorld, inForce: () => InForce): () => readonly SourceSpec[] {
  let madeFor: InForce | undefined;
  let specs: readonly SourceSpec[] = [];
  return () => {
    const current = inForce();
    if (madeFor !== current)
      specs = [
        ...crlSources(current.config, world.issuers(), world),
        ...keySources(current.config, world.store),
      ];
    madeFor = current;
    return specs;
  };
}
