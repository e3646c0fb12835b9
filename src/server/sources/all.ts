import type { Config } from '../../config/types.ts';
import type { CrlWorld } from '../helpers/apply-crl-file.ts';
import type { InForce } from '../reload.ts';
import { catalogueSources } from './catalogue-sources.ts';
import { applyCrls, crlSources } from './crl-sources.ts';
import { deviceSources } from './device-sources.ts';
import { toldApart } from './file-or-url.ts';
import { keySources } from './key-sources.ts';
import type { Apply, SourceSpec } from './types.ts';

/**
 * Every background source of what is in force with what becomes of what it brings, worked out once for each that comes
 * into force and each distribution point that is `seen` in connections for the first time. They are the entries of `configuredSources`.
 */
export function sourceSpecs(
  world: CrlWorld,
  inForce: () => InForce,
  seen: () => readonly string[],
  bundles: (config: Config) => readonly SourceSpec[],
): () => readonly SourceSpec[] {
  let madeFor: InForce | undefined;
  let points: ReadonlySet<string> = new Set();
  let specs: readonly SourceSpec[] = [];
  const apply: Apply = (brought) => applyCrls(brought, world);
  const specsOf = ({ config }: InForce): SourceSpec[] =>
    toldApart([
      ...crlSources(config, world.issuers(), [...points]).map((entry) => ({ ...entry, apply })),
      ...keySources(config, world.store),
      ...deviceSources(config, world),
      ...catalogueSources(config, world),
      ...bundles(config),
    ]);
  return () => {
    const current = inForce();
    const together = new Set([...points, ...seen()]);
    if (madeFor === current && together.size === points.size) return specs;
    // Under another configuration they are seen anew.
    points = madeFor === current ? together : new Set(seen());
    madeFor = current;
    specs = specsOf(current);
    return specs;
  };
}
