import { redactedSubjects } from '../config/redacted-path.ts';
import type { RedactConfig } from '../config/types.ts';
import type { Reason } from '../decision/types.ts';
import type { ShadowRecord, ShadowSummaryRecord } from './shadow-record.ts';

/**
 * The record of a policy on trial as `audit.redact` wants it: where anything is hidden in decisions' records, the device and
 * all details are left out, and so are class and site where they are named. The decision's own record, which has the same
 * `decision_id`, has what may be revealed of them.
 */
export function hideInShadow<T extends ShadowRecord | ShadowSummaryRecord>(
  record: T,
  { fields }: Pick<RedactConfig, 'fields'>,
): T {
  if (fields.length === 0) return record;
  const hidden = redactedSubjects(fields);
  const [noClass, noSite] = [hidden.has('class'), hidden.has('site')];
  if (record.kind === 'shadow_summary') {
    return { ...record, ...(noClass && { by_class: [] }), ...(noSite && { by_site: [] }) };
  }
  const { shadow, reasons } = record;
  const { would } = shadow;
  return {
    ...record,
    device_id: null,
    ...(noClass && { class: null }),
    ...(noSite && { site: null }),
    reasons: reasons.map(bare),
    shadow: {
      ...shadow,
      would: {
        ...would,
        reasons: would.reasons.map(bare),
        faults: would.faults.map((fault) => ({ ...fault, message: '' })),
      },
    },
  };
}

function bare({ detail: _detail, ...reason }: Reason): Reason {
  return reason;
}
