import type { CrlInfo, RevocationLookups } from '../revocation/types.ts';
import type { Versions } from './types.ts';

/** A reader that notes which CRLs its answers came from. */
export interface NotingReader extends RevocationLookups {
  /** Each consulted CRL once, in the order of the path, for `versions`. */
  consulted(): Versions['crls'];
}

/** Notes the CRLs of one decision's look-ups, so that none has to be asked for twice. */
export function notingReader(reader: RevocationLookups): NotingReader {
  const noted = new Map<string, CrlInfo>();
  return {
    lookup: (certificate, issuerKey) => {
      const found = reader.lookup(certificate, issuerKey);
      for (const { crl } of found.candidates) noted.set(crl.digest, crl.info);
      return found;
    },
    issuers: reader.issuers,
    consulted: () =>
      [...noted.values()].map(({ issuerKey, number, digest }) => ({
        digest,
        issuer_key: issuerKey,
        number: number ?? null,
      })),
  };
}
