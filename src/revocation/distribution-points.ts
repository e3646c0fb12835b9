import { parseGeneralNames } from '../identity/general-names.ts';
import type { Certificate, DistinguishedName } from '../identity/types.ts';
import { derError, DerReader } from '../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../lib/der/tags.ts';
import { describeThrown } from '../lib/errors.ts';
import { distinguishedNames, nameKey, readDistributionPointName } from './distribution-point-name.ts';
import { crlLimits } from './limits.ts';
import { allReasons, readReasonFlags, type ReasonMask } from './reasons.ts';

/** Where a certificate says that its revocation is told (RFC 5280 section 4.2.1.13). */
export interface DistributionPoint {
  /** Keys of the names of which a CRL's distribution point must have one, if it names any. */
  readonly names: readonly string[];
  /** Comparison keys of the names of whoever issues the CRL, where that is not the certificate's issuer. */
  readonly crlIssuers?: readonly string[];
  readonly reasons: ReasonMask;
}

export interface DistributionPoints {
  /** Those that the certificate lists, then the one that every certificate has: its issuer's own CRL. */
  readonly points: readonly DistributionPoint[];
  /** Why the extension could not be read; `points` then holds the last one only. */
  readonly problem?: string;
}

const cRLDistributionPoints = '2.5.29.31';
const known = new WeakMap<Certificate, DistributionPoints>();

/**
 * A certificate's distribution points with the one that RFC 5280 section 6.3.3 adds at its end: all reasons, named as
 * the certificate's issuer. Read once for each certificate; never throws.
 */
export function distributionPointsOf(certificate: Certificate): DistributionPoints {
  const before = known.get(certificate);
  if (before !== undefined) return before;
  const found = withImplied(certificate);
  known.set(certificate, found);
  return found;
}

/** The point that every certificate has, whatever it lists: its issuer's own CRL (RFC 5280 section 6.3.3). */
export function impliedPoint(issuer: Pick<DistinguishedName, 'key'>): DistributionPoint {
  return { names: [nameKey(issuer.key)], reasons: allReasons };
}

function withImplied(certificate: Certificate): DistributionPoints {
  const implied = impliedPoint(certificate.issuer);
  const extension = certificate.extensions.get(cRLDistributionPoints);
  if (extension === undefined) return { points: [implied] };
  try {
    return { points: [...readPoints(extension.value, certificate), implied] };
  } catch (thrown) {
    return { points: [implied], problem: `its cRLDistributionPoints: ${describeThrown(thrown)}` };
  }
}

function readPoints(value: Uint8Array, certificate: Certificate): DistributionPoint[] {
  const document = new DerReader(value);
  const list = document.enter(tags.sequence);
  document.end();
  const points: DistributionPoint[] = [];
  do {
    if (points.length === crlLimits.distributionPoints)
      throw derError(`more than ${crlLimits.distributionPoints} distribution points`);
    points.push(readPoint(list.enter(tags.sequence), certificate));
  } while (!list.done);
  return points;
}

function readPoint(fields: DerReader, certificate: Certificate): DistributionPoint {
  const name = fields.optional(contextConstructed(0));
  const flags = fields.optional(contextPrimitive(1));
  const issuer = fields.optional(contextConstructed(2));
  fields.end();
  if (name === undefined && issuer === undefined)
    throw derError('DistributionPoint without name or cRLIssuer');
  const reasons = flags === undefined ? allReasons : readReasonFlags(flags.content);
  if (issuer === undefined) {
    return { names: name ? readDistributionPointName(name, certificate.issuer) : [], reasons };
  }
  const issuerNames = parseGeneralNames(issuer.open());
  const crlIssuers = distinguishedNames(issuerNames);
  const [only] = issuerNames;
  const base = only?.kind === 'dn' ? only.value : certificate.issuer;
  // Without a name of its own the point is called as whoever issues its CRL (RFC 5280 section 6.3.3 (b)(2)(i)).
  const names = name ? readDistributionPointName(name, base) : crlIssuers.map(nameKey);
  return { names, crlIssuers, reasons };
}
