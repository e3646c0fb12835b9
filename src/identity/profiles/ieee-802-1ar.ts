import type { EpochMs } from '../../lib/clock.ts';
import { attributeValues } from '../name.ts';
import { attributeOids, otherNameOids, purposeOids } from '../oids.ts';
import type { Certificate, ProfileSettings } from '../types.ts';
import { readHardwareModuleName } from './hardware-module-name.ts';
import { plainId } from './id-text.ts';
import { onlyOne } from './only-one.ts';
import { otherNames } from './other-names.ts';
import { type Identification, type Profile, unidentified } from './profile.ts';

/** 9999-12-31T23:59:59Z, by which IEEE 802.1AR section 8.7 says that an IDevID does not end. */
const never: EpochMs = 253_402_300_799_000;

/** The ids of HardwareModuleNames, which no serialNumber may look like: two devices would be one. */
const hardwareModule = /^[0-2](?:\.[0-9]+)+\/(?:[0-9A-Fa-f]{2})+$/;

/**
 * IEEE 802.1AR DevIDs: the device is named by the one serialNumber attribute (2.5.4.5) of the leaf's subject
 * (section 8.6; RFC 8995 section 2.3.1); where the subject has none, by the one HardwareModuleName (RFC 4108 section 5)
 * among its alternative names, as `hwType/hwSerialNum`. IDevIDs should carry no extendedKeyUsage, so its absence
 * restricts nothing, unless the anchor issues LDevIDs only (`devid: ldevid`).
 */
export const ieee8021ar: Profile = {
  statedPurpose: 'optional',
  identify({ anchor, certificates }) {
    const leaf = certificates[0] as Certificate;
    return refuseInitial(leaf, anchor.profile) ?? bySerialNumber(leaf) ?? byHardwareModule(leaf);
  },
  normalise(id) {
    return plainId(hardwareModule.test(id) ? id.toLowerCase() : id);
  },
};

/** An LDevID has an end and states that it is for clients; what has neither is the manufacturer's IDevID. */
function refuseInitial(leaf: Certificate, { devid }: ProfileSettings): Identification | undefined {
  if (devid !== 'ldevid') return undefined;
  if (leaf.notAfter >= never) {
    return unidentified('credential.idevid_used_operationally', { not_after: '9999-12-31T23:59:59Z' });
  }
  if (leaf.extendedKeyUsage?.includes(purposeOids.clientAuth)) return undefined;
  return unidentified('credential.eku_missing_client_auth', { certificate: 0, extended_key_usage: 'absent' });
}

function bySerialNumber(leaf: Certificate): Identification | undefined {
  const serials = attributeValues(leaf.subject, attributeOids.serialNumber);
  if (serials.length === 0) return undefined;
  const found = onlyOne(serials, 'serialNumber in the subject');
  if ('refusal' in found) return found.refusal;
  if (hardwareModule.test(found.value)) {
    return unidentified('identity.id_malformed', {
      problem: 'serialNumber in the form of a hardware module',
    });
  }
  return { identity: { scheme: 'ieee_802_1ar', id: found.value, hardwareSerial: found.value }, findings: [] };
}

function byHardwareModule(leaf: Certificate): Identification {
  const [value, ...others] = otherNames(leaf, otherNameOids.hardwareModuleName);
  const expected = 'serialNumber in the subject or HardwareModuleName alternative name';
  if (value === undefined) return unidentified('identity.id_missing', { expected });
  if (others.length > 0)
    return unidentified('identity.multiple_ids', { hardware_modules: others.length + 1 });
  const module = readHardwareModuleName(value);
  if (module === undefined)
    return unidentified('identity.id_malformed', { problem: 'no HardwareModuleName' });
  const id = plainId(`${module.type}/${module.serial}`);
  if (id === undefined) return unidentified('identity.id_malformed', { problem: 'too long' });
  return { identity: { scheme: 'ieee_802_1ar', id, hardwareSerial: module.serial }, findings: [] };
}
