import type { Certificate } from '../types.ts';
import { idProblem } from './id-text.ts';
import { type Profile, unidentified } from './profile.ts';
import { uriNames } from './uri-names.ts';

/** RFC 3986: a scheme and something after it, printable ASCII without those characters that URIs never contain. */
const uri = /^[A-Za-z][A-Za-z0-9+.-]*:[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+$/;

/** An id that is a URI, as it stands; undefined for any other. */
export function uriId(text: string): string | undefined {
  return idProblem(text) === undefined && uri.test(text) ? text : undefined;
}

/** The device is named by the one URI among the leaf's alternative names (LwM2M `urn:dev:…`, OPC UA, EUI-64 URNs). */
export const sanUri: Profile = {
  statedPurpose: 'required',
  identify({ certificates }) {
    const [name, ...others] = uriNames(certificates[0] as Certificate);
    if (name === undefined) return unidentified('identity.id_missing', { expected: 'URI alternative name' });
    if (others.length > 0) return unidentified('identity.multiple_ids', { uris: others.length + 1 });
    const id = uriId(name);
    if (id === undefined) {
      return unidentified('identity.id_malformed', { problem: idProblem(name) ?? 'not a URI' });
    }
    return { identity: { scheme: 'san_uri', id }, findings: [] };
  },
  normalise: uriId,
};
