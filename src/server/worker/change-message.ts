import type { ToWorker } from './channel.ts';
import type { InForcePart } from './pool-options.ts';

/**
 * What a worker is told that decides by `before` and is to decide by something else. Where nothing else differs, the bundle
 * alone: all that is remembered of certificates and devices stays.
 */
export function changeMessage(
  before: InForcePart | undefined,
  { config, material }: InForcePart,
  reload: number,
): Extract<ToWorker, { kind: 'reload' | 'bundle' }> {
  const { certificates, verifierKeys, bundle } = material;
  const same =
    before?.config === config &&
    before.material.certificates === certificates &&
    before.material.verifierKeys === verifierKeys;
  return same ? { kind: 'bundle', bundle, reload } : { kind: 'reload', config, material, reload };
}
