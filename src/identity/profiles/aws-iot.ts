import type { Certificate } from '../types.ts';
import type { Profile } from './profile.ts';

/**
 * AWS IoT Core: the registry knows a certificate by its certificateId, the SHA-256 of its DER, and a device is whatever
 * thing that certificate is attached to. The subject is free-form and names nobody. Certificates that the service
 * issues state no purpose.
 */
export const awsIot: Profile = {
  statedPurpose: 'optional',
  identify({ certificates }) {
    return {
      identity: { scheme: 'aws_iot', id: (certificates[0] as Certificate).fingerprint },
      findings: [],
    };
  },
  normalise(id) {
    return /^[0-9A-Fa-f]{64}$/.test(id) ? id.toLowerCase() : undefined;
  },
};
