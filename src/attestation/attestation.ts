import type { Store } from '../store/types.ts';
import { createExaminer } from './examine.ts';
import type { Examiner } from './examine.ts';
import { createKeyReader } from './keys/key-reader.ts';
import { createKeyRing } from './keys/key-ring.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { createAttestationUses } from './replay-memory.ts';
import type { AttestationUses } from './replay-memory.ts';
import type { Verifier } from './types.ts';

/** What decisions need of this room. */
export interface Attestation {
  readonly examiner: Examiner;
  readonly ring: KeyRing;
  readonly uses: AttestationUses;
}

/** Puts the room together for the verifiers of one configuration. */
export function createAttestation(
  verifiers: readonly Verifier[],
  store: Store,
  uses: AttestationUses = createAttestationUses(),
): Attestation {
  const ring = createKeyRing(verifiers, createKeyReader(store));
  return { examiner: createExaminer(ring), ring, uses };
}
