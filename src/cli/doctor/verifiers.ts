import { createKeyReader } from '../../attestation/keys/key-reader.ts';
import type { KeyReader } from '../../attestation/keys/key-reader.ts';
import { createKeyRing } from '../../attestation/keys/key-ring.ts';
import { keyStates } from '../../attestation/keys/key-states.ts';
import type { KeyState } from '../../attestation/keys/key-states.ts';
import type { Verifier } from '../../attestation/types.ts';
import type { Config } from '../../config/types.ts';
import { describeThrown } from '../../lib/errors.ts';
import { readFiles } from '../../server/material.ts';
import { loadVerifiers } from '../../server/verifiers.ts';
import { withStore } from '../with-store.ts';
import { fail, ok, warn, type Finding, type Patient } from './finding.ts';

const check = 'verifiers';

/** Every verifier of attestation evidence has a key that counts, and classes that require results have a verifier. */
export async function examineVerifiers({ config, around }: Patient): Promise<readonly Finding[]> {
  const needed = Object.entries(config.classes).flatMap(([name, { attestation }]) =>
    attestation.required ? [name] : [],
  );
  if (config.attestation.verifiers.length === 0) return needed.map(nobody);
  try {
    const verifiers = await loadVerifiers(config, readFiles(config));
    return (await statesOf(verifiers, config, around)).map(judge);
  } catch (thrown) {
    return [
      fail(check, describeThrown(thrown), 'correct the file under `attestation.verifiers` that it names'),
    ];
  }
}

/** What is wrong with the store is the store's own finding; without it the files' keys are what there is. */
async function statesOf(
  verifiers: readonly Verifier[],
  config: Config,
  { clock }: Patient['around'],
): Promise<readonly KeyState[]> {
  const now = clock.now();
  const statesBy = (reader: KeyReader): readonly KeyState[] =>
    keyStates(verifiers, createKeyRing(verifiers, reader), now);
  try {
    return await withStore(config, 'read_only', clock, (store) => statesBy(createKeyReader(store)));
  } catch {
    return statesBy({ keys: () => [] });
  }
}

function nobody(name: string): Finding {
  return fail(
    check,
    `class ${name} requires attestation and no verifier is configured: its devices are denied`,
    'configure its verifier under `attestation.verifiers`, or set `attestation: optional` for the class',
  );
}

function judge({ verifier, source, keys }: KeyState): Finding {
  const published = keys.filter((key) => key.accepted_until === null);
  const names = keys.map(({ kid, thumbprint }) => kid ?? thumbprint).join(', ');
  if (published.length > 0) return ok(check, `${verifier}: ${keys.length} keys of ${source} (${names})`);
  const advice = `see \`/status\` for what hinders the fetching of ${source}, or give the keys in a file`;
  if (keys.length === 0) return fail(check, `${verifier}: no key of ${source} is known`, advice);
  return warn(check, `${verifier}: only keys that vanished from ${source} are left (${names})`, advice);
}
