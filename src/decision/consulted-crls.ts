import { canonicalForm } from '../lib/canonical-json.ts';
import type { CrlInfo, RevocationLookups } from '../revocation/types.ts';
import type { Versions } from './types.ts';

/** A reader that notes which CRLs its answers came from. */
export interface NotingReader extends RevocationLookups {
  /** Each consulted CRL once, in the order of the path, for `versions`; of the same CRL always the same object. */
  consulted(): Versions['crls'];
}

/** Notes the CRLs of one decision's look-ups, so that none has to be asked for twice. */
export function notingReader(reader: RevocationLookups): NotingReader {
  const noted: CrlInfo[] = [];
  return {
    lookup: (certificate, issuerKey) => {
      const found = reader.lookup(certificate, issuerKey);
      for (const { crl } of found.candidates) {
        if (!noted.some(({ digest }) => digest === crl.digest)) noted.push(crl.info);
      }
      return found;
    },
    issuers: reader.issuers,
    consulted: () => noted.map(namedOf),
  };
}

/** How each CRL is named, for as long as its description lives. */
const named = new WeakMap<CrlInfo, Versions['crls'][number]>();

function namedOf(info: CrlInfo): Versions['crls'][number] {
  const known = named.get(info);
  if (known) return known;
  const { issuerKey, number, digest } = info;
  const name = canonicalForm({ digest, issuer_key: issuerKey, number: number ?? null });
  named.set(info, name);
  return name;
}
