import type { CertificationPath, ProfileKind } from '../types.ts';
import { awsIot } from './aws-iot.ts';
import { azureDps } from './azure-dps.ts';
import { commonName } from './common-name.ts';
import { ieee8021ar } from './ieee-802-1ar.ts';
import { lwm2m } from './lwm2m.ts';
import { macAddress } from './mac-address.ts';
import { matterDac } from './matter-dac.ts';
import { opcUa } from './opc-ua.ts';
import type { Identification, Profile } from './profile.ts';
import { sanDns } from './san-dns.ts';
import { sanUri } from './san-uri.ts';
import { spiffe } from './spiffe.ts';

/** The profiles by the name that configuration gives them. A new one is a file and a row. */
export const profiles: Readonly<Record<ProfileKind, Profile>> = {
  spiffe,
  san_uri: sanUri,
  san_dns: sanDns,
  ieee_802_1ar: ieee8021ar,
  mac_address: macAddress,
  cn: commonName,
  aws_iot: awsIot,
  azure_dps: azureDps,
  matter_dac: matterDac,
  opc_ua: opcUa,
  lwm2m,
};

/** The device's identity under the profile of the path's anchor, which alone is asked. */
export function identify(path: CertificationPath): Identification {
  return profiles[path.anchor.profile.kind].identify(path);
}
