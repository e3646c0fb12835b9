import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { DecisionDeps } from './deps.ts';
import type { ExaminedCredential } from './facts-credential.ts';

/**
 * Whether the inventory binds the certificate's key to another device than the one that the certificate names: then
 * the key is no proof of either. Call within one `store.snapshot`.
 */
export function sharedKey(
  tenant: string,
  credential: ExaminedCredential | undefined,
  now: EpochMs,
  { inventory }: Pick<DecisionDeps, 'inventory'>,
): readonly Finding[] {
  const { leaf, path, identity } = credential?.judged ?? {};
  if (leaf === undefined || path === undefined || identity === undefined) return [];
  const others = inventory.holders(tenant, leaf.keyDigest, now).filter((id) => id !== identity.id);
  const [first] = others;
  if (first === undefined) return [];
  return [
    { code: 'identity.key_shared', detail: { key: leaf.keyDigest, also: first, others: others.length } },
  ];
}
