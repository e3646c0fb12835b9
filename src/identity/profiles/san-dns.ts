import { isHostName } from '../host-name.ts';
import type { Certificate } from '../types.ts';
import { onlyOne } from './only-one.ts';
import { type Profile, unidentified } from './profile.ts';

function normalise(id: string): string | undefined {
  return isHostName(id) ? id.toLowerCase() : undefined;
}

/** The device is named by the one DNS name among the leaf's alternative names, in lower case; a wildcard names nobody. */
export const sanDns: Profile = {
  statedPurpose: 'required',
  identify({ certificates }) {
    const leaf = certificates[0] as Certificate;
    const names = leaf.subjectAltNames.flatMap((name) => (name.kind === 'dns' ? [name.value] : []));
    const found = onlyOne(names, 'DNS alternative name');
    if ('refusal' in found) return found.refusal;
    const id = normalise(found.value);
    if (id === undefined) return unidentified('identity.id_malformed', { problem: 'no host name' });
    return { identity: { scheme: 'san_dns', id }, findings: [] };
  },
  normalise,
};
