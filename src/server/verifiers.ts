import { profiles } from '../attestation/dialects.ts';
import { readKeySet } from '../attestation/keys/key-set.ts';
import type { VerifierKey } from '../attestation/keys/key-set.ts';
import type { Verifier } from '../attestation/types.ts';
import type { Config, VerifierConfig } from '../config/types.ts';
import { describeThrown, PortreeveError } from '../lib/errors.ts';
import type { Material } from './material.ts';

/**
 * The verifiers of a configuration with the keys of their files; those of URLs are in the store. Throws
 * PDP_CONFIG_INVALID naming the verifier whose file holds no keys that can be used.
 */
export async function loadVerifiers(
  config: Config,
  { verifierKeys }: Pick<Material, 'verifierKeys'>,
): Promise<readonly Verifier[]> {
  return Promise.all(
    config.attestation.verifiers.map(async (entry) => verifierOf(entry, await fileKeys(entry, verifierKeys))),
  );
}

/** What the keys of a verifier are kept under. */
export function keySource({ keys }: VerifierConfig): string {
  return keys.url ?? keys.file ?? '';
}

async function fileKeys(
  { name, keys }: VerifierConfig,
  read: Material['verifierKeys'],
): Promise<readonly VerifierKey[]> {
  if (keys.file === null) return [];
  const bytes = read.get(keys.file);
  if (!bytes) throw new PortreeveError('PDP_INTERNAL', `the file of "${name}" was not read: ${keys.file}`);
  try {
    return (await readKeySet(bytes)).keys;
  } catch (thrown) {
    throw new PortreeveError(
      'PDP_CONFIG_INVALID',
      `verifier "${name}": ${keys.file}: ${describeThrown(thrown)}`,
      { cause: thrown },
    );
  }
}

function verifierOf(entry: VerifierConfig, keys: readonly VerifierKey[]): Verifier {
  const { firmware } = entry;
  return {
    name: entry.name,
    source: keySource(entry),
    keys,
    algorithms: new Set(entry.algorithms),
    profiles: new Set(entry.profiles.length > 0 ? entry.profiles : profiles.keys()),
    issuer: entry.issuer ?? undefined,
    developer: entry.developer ?? undefined,
    build: entry.build ?? undefined,
    maxAge: entry.max_age,
    tolerance: entry.tolerance,
    overlap: entry.keys.overlap,
    blockedKeys: new Set(entry.keys.blocked),
    classes: entry.classes,
    firmware: firmware ? { submod: firmware.submod ?? undefined, pointer: firmware.pointer } : undefined,
  };
}
