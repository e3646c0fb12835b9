import type { CertificationPath, ProfileKind } from '../types.ts';
import { commonName } from './common-name.ts';
import { ieee8021ar } from './ieee-802-1ar.ts';
import type { Identification, Profile } from './profile.ts';
import { sanUri } from './san-uri.ts';
import { spiffe } from './spiffe.ts';

/** The profiles by the name that configuration gives them. A new one is a file and a row. */
export const profiles: Readonly<Record<ProfileKind, Profile>> = {
  spiffe,
  san_uri: sanUri,
  ieee_802_1ar: ieee8021ar,
  cn: commonName,
};

/** The device's identity under the profile of the path's anchor, which alone is asked. */
export function identify(path: CertificationPath): Identification {
  return profiles[path.anchor.profile.kind].identify(path);
}
