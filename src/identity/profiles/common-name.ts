import { attributeValues } from '../name.ts';
import { attributeOids } from '../oids.ts';
import type { Certificate } from '../types.ts';
import { idProblem, plainId } from './id-text.ts';
import { type Profile, unidentified } from './profile.ts';

/** The device is named by the one commonName of the leaf's subject. */
export const commonName: Profile = {
  statedPurpose: 'required',
  identify({ certificates }) {
    const [name, ...others] = attributeValues(
      (certificates[0] as Certificate).subject,
      attributeOids.commonName,
    );
    if (name === undefined || name === '') {
      return unidentified('identity.id_missing', { expected: 'commonName in the subject' });
    }
    if (others.length > 0) return unidentified('identity.multiple_ids', { common_names: others.length + 1 });
    const problem = idProblem(name);
    if (problem !== undefined) return unidentified('identity.id_malformed', { problem });
    return { identity: { scheme: 'cn', id: name }, findings: [] };
  },
  normalise: plainId,
};
