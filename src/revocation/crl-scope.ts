import type { DistinguishedName } from '../identity/types.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { derError, DerReader } from '../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../lib/der/tags.ts';
import { readDistributionPointName } from './distribution-point-name.ts';
import type { DistributionPoint } from './distribution-points.ts';
import { allReasons, readReasonFlags, reasonMaskNames, type ReasonMask } from './reasons.ts';

/** What an issuingDistributionPoint restricts a CRL to (RFC 5280 section 5.2.5). */
export interface CrlScope {
  /** The DER of the extension's value. */
  readonly der: Uint8Array;
  /** Keys of the distribution point's names; absent where it has none. */
  readonly names?: readonly string[];
  readonly only?: 'user_certificates' | 'ca_certificates' | 'attribute_certificates';
  /** onlySomeReasons; absent where the CRL covers all. */
  readonly reasons?: ReasonMask;
  /** Entries may name other certificate issuers than the CRL's. */
  readonly indirect: boolean;
}

/** The parts of a CRL that its scope is about. */
export interface ScopedCrl {
  readonly issuer: Pick<DistinguishedName, 'key'>;
  readonly scope?: CrlScope;
}

const restrictions = [
  [1, 'user_certificates'],
  [2, 'ca_certificates'],
  [5, 'attribute_certificates'],
] as const;

/** Reads an issuingDistributionPoint; relative names are completed with the CRL issuer's. Throws PDP_DER_INVALID. */
export function readScope(value: Uint8Array, issuer: Pick<DistinguishedName, 'key'>): CrlScope {
  const document = new DerReader(value);
  const fields = document.enter(tags.sequence);
  document.end();
  const name = fields.optional(contextConstructed(0));
  const flags = new Map<number, boolean>();
  let reasons: ReasonMask | undefined;
  for (const tag of [1, 2, 3, 4, 5]) {
    const field = fields.optional(contextPrimitive(tag));
    if (field === undefined) continue;
    if (tag === 3) reasons = readReasonFlags(field.content);
    else flags.set(tag, readFlag(field.content));
  }
  fields.end();
  const only = restrictions.filter(([tag]) => flags.get(tag) === true).map(([, restriction]) => restriction);
  if (only.length > 1) throw derError('issuingDistributionPoint restricts to two kinds of certificates');
  return {
    der: value,
    ...(name && { names: readDistributionPointName(name, issuer) }),
    ...(only[0] && { only: only[0] }),
    ...(reasons !== undefined && { reasons }),
    indirect: flags.get(4) === true,
  };
}

/** A BOOLEAN under an implicit tag. FALSE, which DER leaves out, is let through: issuers write it, and it restricts nothing. */
function readFlag(content: Uint8Array): boolean {
  const [octet] = content;
  if (content.byteLength !== 1 || (octet !== 0 && octet !== 0xff))
    throw derError('BOOLEAN neither 00 nor FF');
  return octet === 0xff;
}

/**
 * The canonical form of a scope, by which two are the same, whatever the order of their names: empty for what restricts
 * a CRL to nothing.
 */
export function scopeKey(scope: CrlScope | undefined): string {
  if (scope === undefined) return '';
  const { names, only, reasons, indirect } = scope;
  const parts = {
    ...(names && { names: [...new Set(names)].sort() }),
    ...(only && { only }),
    ...(reasons !== undefined && reasons !== allReasons && { reasons: reasonMaskNames(reasons) }),
    ...(indirect && { indirect }),
  };
  return Object.keys(parts).length === 0 ? '' : canonicalJson(parts);
}

/** What of a certificate says which CRLs are about it. */
export interface RevocableCertificate {
  readonly serial: string;
  /** Comparison key of its issuer's name. */
  readonly issuer: Pick<DistinguishedName, 'key'>;
  readonly basicConstraints?: { readonly ca: boolean };
}

/** The point by which a CRL tells about a certificate, and for which reasons; or why it does not. */
export type Coverage =
  | { readonly reasons: ReasonMask; readonly point: DistributionPoint }
  | { readonly reasons?: undefined; readonly problem: string };

/**
 * Whether a CRL is about a certificate by one of the certificate's distribution points, and for which reasons: RFC 5280
 * section 6.3.3 (b) and (d). Of a delta CRL the same is asked.
 */
export function coverageOf(
  crl: ScopedCrl,
  certificate: RevocableCertificate,
  point: DistributionPoint,
): Coverage {
  const { scope } = crl;
  if (point.crlIssuers !== undefined) {
    if (!point.crlIssuers.includes(crl.issuer.key)) return { problem: 'it is of another CRL issuer' };
    if (!scope?.indirect) return { problem: 'it is not indirect, and not of the certificate’s issuer' };
  } else if (crl.issuer.key !== certificate.issuer.key) {
    return { problem: 'it is of another issuer' };
  }
  if (scope?.names && !scope.names.some((name) => point.names.includes(name))) {
    return { problem: 'it is of another distribution point' };
  }
  const isCa = certificate.basicConstraints?.ca === true;
  if (scope?.only === 'attribute_certificates') return { problem: 'it is about attribute certificates only' };
  if (scope?.only === 'user_certificates' && isCa) return { problem: 'it is about user certificates only' };
  if (scope?.only === 'ca_certificates' && !isCa) return { problem: 'it is about CA certificates only' };
  return { reasons: (scope?.reasons ?? allReasons) & point.reasons, point };
}
