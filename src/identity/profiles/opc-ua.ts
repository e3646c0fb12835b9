import { attributeValues } from '../name.ts';
import { attributeOids } from '../oids.ts';
import type { Certificate } from '../types.ts';
import { onlyOne } from './only-one.ts';
import { type Profile, unidentified } from './profile.ts';
import { uriId } from './san-uri.ts';
import { uriNames } from './uri-names.ts';

/**
 * OPC UA application instances (Part 6 section 6.2.2) and devices (Part 21): the leaf's one URI name is the
 * ApplicationUri or ProductInstanceUri, compared as it stands; the subject must have a commonName and an organization.
 */
export const opcUa: Profile = {
  statedPurpose: 'required',
  identify({ certificates }) {
    const leaf = certificates[0] as Certificate;
    const found = onlyOne(uriNames(leaf), 'ApplicationUri or ProductInstanceUri as URI alternative name');
    if ('refusal' in found) return found.refusal;
    const id = uriId(found.value);
    if (id === undefined) return unidentified('identity.id_malformed', { problem: 'not a URI' });
    for (const attribute of ['commonName', 'organization'] as const) {
      if (attributeValues(leaf.subject, attributeOids[attribute]).every((value) => value === '')) {
        return unidentified('identity.id_malformed', { problem: `no ${attribute} in the subject` });
      }
    }
    return { identity: { scheme: 'opc_ua', id }, findings: [] };
  },
  normalise: (id) => uriId(id),
};
