import { parseVerifier } from '../../audit/tlog/note.ts';
import type { OutsiderTrust } from '../../audit/witness/types.ts';
import type { Config } from '../../config/types.ts';
import { readAuthorities } from './timestamp-anchor.ts';

/**
 * The witnesses and authorities that a site's own configuration trusts, for its operator's own checks; an auditor brings
 * his own. Throws PDP_CONFIG_INVALID for a file of authorities that cannot be read.
 */
export async function configuredTrust({
  witnesses,
  anchors,
}: Pick<Config['audit'], 'witnesses' | 'anchors'>): Promise<
  Pick<OutsiderTrust, 'witnesses' | 'timestampAnchors'>
> {
  const files = new Set(anchors.flatMap(({ timestamp_cas: file }) => file ?? []));
  const authorities = await Promise.all([...files].map(readAuthorities));
  return { witnesses: witnesses.map(({ key }) => parseVerifier(key)), timestampAnchors: authorities.flat() };
}
