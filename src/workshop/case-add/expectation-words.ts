import type { AuditRecord } from '../../audit/record.ts';
import type { Facts } from '../../decision/types.ts';
import type { Words } from '../cases/words.ts';
import type { Names } from './names.ts';

/** What was decided, as what is expected. Details of reasons stay out: they say who and when. */
export function expectationWords(record: AuditRecord, { credential }: Facts, names: Names): Words {
  const { outcome, enforced, reasons, device_id: id, assurance, obligations, valid_until: until } = record;
  const { entitlements, headers, session_limit_s: limit } = obligations;
  // Such an id is a digest of the certificate, or ends in one: that of the case is another.
  const isDigest = credential?.profile === 'aws_iot' || credential?.profile === 'matter_dac';
  return {
    outcome,
    ...(enforced ? {} : { enforced }),
    reasons: reasons.map(({ code }) => code),
    ...(id !== null && isDigest ? {} : { device_id: id === null ? null : names.of('device', id) }),
    assurance,
    ...(outcome === 'allow' && { obligations: { entitlements, headers, session_limit_s: limit } }),
    valid_until: until,
  };
}
