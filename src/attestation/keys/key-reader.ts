import type { EpochMs } from '../../lib/clock.ts';
import { createEpochMemory } from '../../store/epoch-memory.ts';
import type { Store } from '../../store/types.ts';
import type { TokenAlgorithm } from '../token.ts';
import type { VerifierKey } from './key-set.ts';

/** A key of the store; `goneAt` is when it vanished from its set. */
export interface KeptKey extends VerifierKey {
  readonly goneAt: EpochMs | null;
}

interface Row {
  readonly thumbprint: string;
  readonly kid: string | null;
  readonly alone: number;
  readonly algorithm: string;
  readonly jwk: string;
  readonly gone_at: number | null;
}

export interface KeyReader {
  /** The same list for as long as nothing in the store has changed. Joins the open snapshot. */
  keys(verifier: string, source: string): readonly KeptKey[];
}

/** Reads the keys of verifiers as `applyKeys` keeps them. */
export function createKeyReader(store: Store): KeyReader {
  const memory = createEpochMemory<readonly KeptKey[]>(store, 1000);
  const select = store.prepare<Row>(
    `SELECT thumbprint, kid, alone, algorithm, jwk, gone_at FROM attestation_keys
     WHERE verifier = ? AND source = ? ORDER BY thumbprint`,
  );
  const read = (verifier: string, source: string): readonly KeptKey[] =>
    select.all(verifier, source).map(({ gone_at: goneAt, alone, algorithm, ...key }) => ({
      ...key,
      alone: alone === 1,
      algorithm: algorithm as TokenAlgorithm,
      goneAt,
    }));
  return {
    keys: (verifier, source) => memory.read(verifier, source, () => read(verifier, source)),
  };
}
