import type { Certificate } from '../../identity/types.ts';
import type { Store } from '../../store/types.ts';
import { answerColumns, answerOfRow, serialKey, type AnswerRow } from './table.ts';
import { signerFinder } from './signers.ts';
import type { OcspAnswer } from './types.ts';

/** Reads what responders have answered. */
export interface OcspReader {
  /**
   * The newest answer about a certificate; null without one. One that is remembered is answered only where `suffices`
   * says so. Call within one `store.snapshot`; throws PDP_STORE_UNAVAILABLE.
   */
  answer(issuerKey: string, serial: string, suffices: (answer: OcspAnswer) => boolean): OcspAnswer | null;
  /**
   * The certificate of a delegate of the CA that signed with a key (SHA-256, hex), undefined where none did whose answer was
   * kept. Call within one `store.snapshot`; throws PDP_STORE_UNAVAILABLE.
   */
  signer(issuerKey: string, signerKey: string): Certificate | undefined;
}

/** Answers that are remembered. */
const rememberedAnswers = 20_000;

/**
 * Makes a reader. Answers come without an epoch where all they say is that a certificate is still good, so that a fleet
 * whose answers are renewed all day long does not empty every memory all day long: what is remembered is forgotten with
 * any change of state, as all is, and read anew where it does not suffice any more. That nothing is known is never remembered.
 */
export function createOcspReader(store: Pick<Store, 'prepare' | 'epochs'>): OcspReader {
  const find = store.prepare<AnswerRow>(
    `SELECT ${answerColumns} FROM ocsp WHERE issuer_key = ? AND serial = ?`,
  );
  const kept = new Map<string, OcspAnswer>();
  let under: ReturnType<Store['epochs']> | undefined;
  return {
    answer: (issuerKey, serial, suffices) => {
      const epochs = store.epochs();
      if (epochs !== under) {
        kept.clear();
        under = epochs;
      }
      const key = `${issuerKey}:${serial}`;
      const known = kept.get(key);
      if (known && suffices(known)) return known;
      const answer = answerOfRow(find.get(issuerKey, serialKey(serial)));
      if (answer === null) return null;
      if (kept.size >= rememberedAnswers) kept.clear();
      kept.set(key, answer);
      return answer;
    },
    signer: signerFinder(store),
  };
}
