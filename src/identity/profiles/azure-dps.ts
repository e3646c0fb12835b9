import { attributeValues } from '../name.ts';
import { attributeOids } from '../oids.ts';
import type { Certificate } from '../types.ts';
import { onlyOne } from './only-one.ts';
import { type Profile, unidentified } from './profile.ts';

/** Letters, digits and `-._:`, the last a letter, digit or hyphen. */
const registrationId = /^[A-Za-z0-9._:-]{0,127}[A-Za-z0-9-]$/;

/** Letters are looked at before case is folded, since folding turns a Kelvin sign into a k. */
function normalise(id: string): string | undefined {
  return registrationId.test(id) ? id.toLowerCase() : undefined;
}

/**
 * Azure IoT Hub Device Provisioning Service: the leaf's one commonName is the registration id, which the service
 * compares without regard to case: the normal form is lower case.
 */
export const azureDps: Profile = {
  statedPurpose: 'optional',
  identify({ certificates }) {
    const names = attributeValues((certificates[0] as Certificate).subject, attributeOids.commonName);
    const found = onlyOne(names, 'commonName in the subject');
    if ('refusal' in found) return found.refusal;
    const id = normalise(found.value);
    if (id === undefined) return unidentified('identity.id_malformed', { problem: 'no registration id' });
    return { identity: { scheme: 'azure_dps', id }, findings: [] };
  },
  normalise,
};
