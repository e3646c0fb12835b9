import { attributeValues } from '../name.ts';
import { attributeOids } from '../oids.ts';
import type { Certificate } from '../types.ts';
import { idProblem, plainId } from './id-text.ts';
import { type Profile, unidentified } from './profile.ts';

/**
 * IEEE 802.1AR DevIDs: the device is named by the one serialNumber attribute (2.5.4.5) of the leaf's subject
 * (section 8.6; RFC 8995 section 2.3.1). IDevIDs should carry no extendedKeyUsage, so its absence restricts nothing.
 */
export const ieee8021ar: Profile = {
  statedPurpose: 'optional',
  identify({ certificates }) {
    const { subject } = certificates[0] as Certificate;
    const [serial, ...others] = attributeValues(subject, attributeOids.serialNumber);
    if (serial === undefined || serial === '') {
      return unidentified('identity.id_missing', { expected: 'serialNumber in the subject' });
    }
    if (others.length > 0)
      return unidentified('identity.multiple_ids', { serial_numbers: others.length + 1 });
    const problem = idProblem(serial);
    if (problem !== undefined) return unidentified('identity.id_malformed', { problem });
    return { identity: { scheme: 'ieee_802_1ar', id: serial, hardwareSerial: serial }, findings: [] };
  },
  normalise: plainId,
};
