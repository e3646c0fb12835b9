import { keepLarge } from '../audit/kept.ts';
import type { Config } from '../config/types.ts';
import { asPortreeveError } from '../lib/errors.ts';
import type { CrlImportOptions } from '../revocation/import-crl.ts';
import { keptFolder } from './keep-versions.ts';

/**
 * Keeps the CRLs of an import, each once, since decisions name them by digest. A revocation comes into force whether or
 * not its list could be kept: what is wrong goes to `tell`, and the next reading of the same list tries again.
 */
export function crlKeeper(
  config: Config,
  tell: (problem: string) => void,
): NonNullable<CrlImportOptions['keep']> {
  return async (digest, der) => {
    try {
      await keepLarge(keptFolder(config), digest, der);
    } catch (thrown) {
      tell(`decisions by this CRL will not replay until it is kept: ${asPortreeveError(thrown).message}`);
    }
  };
}
