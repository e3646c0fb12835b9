import type { CrlInfo, RevocationReader } from '../revocation/types.ts';
import type { Versions } from './types.ts';

/** A reader that notes which CRLs its answers came from. */
export interface NotingReader extends Pick<RevocationReader, 'lookup'> {
  /** Each consulted CRL once, in the order of the path, for `versions`. */
  consulted(): Versions['crls'];
}

/** Notes the CRLs of one decision's look-ups, so that none has to be asked for twice. */
export function notingReader(reader: Pick<RevocationReader, 'lookup'>): NotingReader {
  const noted = new Map<string, CrlInfo>();
  return {
    lookup: (issuerKey, serial) => {
      const found = reader.lookup(issuerKey, serial);
      if (found.crl) noted.set(found.crl.issuerKey, found.crl);
      return found;
    },
    consulted: () =>
      [...noted.values()].map(({ issuerKey, number, digest }) => ({
        digest,
        issuer_key: issuerKey,
        number: number ?? null,
      })),
  };
}
