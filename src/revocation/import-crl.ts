import type { Certificate } from '../identity/types.ts';
import type { Store } from '../store/types.ts';
import { findCrlIssuer } from './crl-issuer.ts';
import { oneCrl } from './crl-pem.ts';
import { parseCrl } from './parse-crl.ts';
import { putInForce, refuseHeader, type CrlImport, type CrlOrigin } from './put-in-force.ts';

export type { CrlImport } from './put-in-force.ts';

export interface CrlImportOptions extends CrlOrigin {
  /** One CRL, PEM or DER. */
  readonly bytes: Uint8Array;
  /** CA certificates that may have issued it: anchors and configured intermediates. */
  readonly issuers: readonly Certificate[];
  /**
   * Keeps the DER under its digest, which decisions will name: called for a CRL that was checked, before it comes into
   * force, and for one that is in force already. What it throws stops the import.
   */
  readonly keep?: (digest: string, der: Uint8Array) => Promise<void>;
}

/**
 * Makes a CRL the one in force of its issuer's key, scope and kind: complete, delta, partitioned or indirect. It is
 * checked first (form, issuer, signature, rights, order), its entries are staged in short transactions, and one short
 * commit makes it visible with its row in `changes`: a failed or killed import leaves the list before in force. Throws
 * PDP_CRL_INVALID (malformed, wrong signature), PDP_CRL_REFUSED (issuer unknown or without the right, rollback, not
 * supported), PDP_LIMIT_EXCEEDED and PDP_STORE_UNAVAILABLE.
 */
export async function importCrl(store: Store, o: CrlImportOptions): Promise<CrlImport> {
  const crl = parseCrl(oneCrl(o.bytes));
  refuseHeader(crl, o.now);
  const signer = findCrlIssuer(crl, o.issuers, o.now);
  const { keep } = o;
  return putInForce(
    store,
    {
      header: crl,
      issuer: crl.issuer,
      signer,
      entries: () => crl.entries(),
      ...(keep && { keep: () => keep(crl.digest, crl.der) }),
    },
    o,
  );
}
