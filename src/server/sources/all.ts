import type { CrlWorld } from '../apply-crl-file.ts';
import type { InForce } from '../reload.ts';
import { applyCrls, crlSources } from './crl-sources.ts';
import { keySources } from './key-sources.ts';
import type { Apply, SourceSpec } from './types.ts';

/**
 * Every background source of what is in force with what becomes of what it brings, worked out once for each that comes
 * into force. They are the entries of `configuredSources`.
 */
export function sourceSpecs(world: CrlWorld, inForce: () => InForce): () => readonly SourceSpec[] {
  let madeFor: InForce | undefined;
  let specs: readonly SourceSpec[] = [];
  const apply: Apply = (brought) => applyCrls(brought, world);
  const specsOf = ({ config }: InForce): SourceSpec[] => [
    ...crlSources(config, world.issuers()).map((entry) => ({ ...entry, apply })),
    ...keySources(config, world.store),
  ];
  return () => {
    const current = inForce();
    if (madeFor !== current) specs = specsOf(current);
    madeFor = current;
    return specs;
  };
}
