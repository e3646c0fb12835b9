import { attributeValues } from '../name.ts';
import { attributeOids } from '../oids.ts';
import type { Certificate } from '../types.ts';
import { plainId } from './id-text.ts';
import { onlyOne } from './only-one.ts';
import type { Profile } from './profile.ts';

/**
 * OMA LwM2M: the leaf's one commonName is the endpoint client name (such as `urn:dev:os:…`), which a client that
 * registers must claim exactly. Certificates of constrained devices (RFC 7925) often state no purpose.
 */
export const lwm2m: Profile = {
  statedPurpose: 'optional',
  identify({ certificates }) {
    const names = attributeValues((certificates[0] as Certificate).subject, attributeOids.commonName);
    const found = onlyOne(names, 'endpoint client name as commonName in the subject');
    if ('refusal' in found) return found.refusal;
    return { identity: { scheme: 'lwm2m', id: found.value }, findings: [] };
  },
  normalise: plainId,
};
