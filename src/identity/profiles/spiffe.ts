import { nameText } from '../name.ts';
import { extensionOids } from '../oids.ts';
import type { Certificate } from '../types.ts';
import { type Identification, type Profile, unidentified } from './profile.ts';
import { isSpiffeUri, parseSpiffeId, type SpiffeId } from './spiffe-id.ts';
import { uriNames } from './uri-names.ts';

/**
 * X.509-SVIDs (SPIFFE X509-SVID standard): the device is named by the only URI among the leaf's alternative names. An
 * extendedKeyUsage may be absent (section 4.4); one that is there must name clientAuth. That it names serverAuth as well
 * is not asked for: devices that only ever connect have no use for it.
 */
export const spiffe: Profile = {
  statedPurpose: 'optional',
  identify({ anchor, certificates }) {
    const leaf = certificates[0] as Certificate;
    const uris = uriNames(leaf);
    const uri = uris.find(isSpiffeUri);
    if (uri === undefined)
      return unidentified('identity.id_missing', { expected: 'spiffe:// alternative name' });
    if (uris.length > 1) return unidentified('identity.multiple_ids', { uris: uris.length });
    const id = parseSpiffeId(uri);
    if (id === undefined || id.path === '')
      return unidentified('identity.id_malformed', { id: shortened(uri) });
    const expected = anchor.profile.trust_domain;
    if (expected !== undefined && id.trustDomain !== expected) return foreign(id, expected);
    return (
      keyUsageProblem(leaf) ??
      signingProblem(certificates, id) ?? {
        identity: { scheme: 'spiffe', id: uri, trustDomain: id.trustDomain },
        findings: [],
      }
    );
  },
  normalise(id) {
    const parsed = parseSpiffeId(id);
    return parsed === undefined || parsed.path === '' ? undefined : id;
  },
};

/** X509-SVID section 4.3: a leaf's keyUsage is critical and for signatures, of neither certificates nor CRLs. */
function keyUsageProblem({ keyUsage, extensions }: Certificate): Identification | undefined {
  const critical = extensions.get(extensionOids.keyUsage)?.critical === true;
  const usable = keyUsage?.has('digitalSignature') && !signingUsages.some((usage) => keyUsage.has(usage));
  if (critical && usable) return undefined;
  const stated = keyUsage === undefined ? 'absent' : [...keyUsage].join(' ');
  return unidentified('credential.key_usage_invalid', { key_usage: stated, critical, profile: 'spiffe' });
}

const signingUsages = ['keyCertSign', 'cRLSign'];

/** X509-SVID section 4: a signing certificate that has a SPIFFE ID has one, of this trust domain, without a path. */
function signingProblem(certificates: readonly Certificate[], leaf: SpiffeId): Identification | undefined {
  for (const ca of certificates.slice(1)) {
    const uris = uriNames(ca).filter(isSpiffeUri);
    const subject = nameText(ca.subject);
    if (uris.length > 1) return unidentified('identity.multiple_ids', { issuer: subject, uris: uris.length });
    if (uris[0] === undefined) continue;
    const id = parseSpiffeId(uris[0]);
    if (id === undefined || id.path !== '') {
      return unidentified('identity.id_malformed', { issuer: subject, id: shortened(uris[0]) });
    }
    if (id.trustDomain !== leaf.trustDomain) return foreign(leaf, id.trustDomain);
  }
  return undefined;
}

function foreign(id: SpiffeId, expected: string): Identification {
  return unidentified('identity.anchor_namespace_mismatch', { trust_domain: id.trustDomain, expected });
}

/** Enough of a malformed id to recognise it by. */
function shortened(text: string): string {
  return text.slice(0, 256);
}
