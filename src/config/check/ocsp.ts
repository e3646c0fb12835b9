import type { Place } from '../place.ts';
import { namesOf, refuseDuplicates, refuseUnknown, type Report } from './report.ts';

/** `revocation.ocsp`: CAs of devices that are there, each with one responder. */
export function checkOcsp(root: Place, report: Report): void {
  const entries = root.get('revocation', 'ocsp', 'responders').items();
  const trust = root.get('trust');
  const anchors = trust
    .get('anchors')
    .items()
    .filter((one) => !one.get('pinned').isTrue);
  const cas = new Set([...namesOf(anchors), ...namesOf(trust.get('intermediates').items())]);
  const issuers = entries.map((one) => one.get('issuer'));
  refuseUnknown(report, issuers, cas, 'a CA in trust.anchors or trust.intermediates');
  refuseDuplicates(report, issuers, 'responder of');
}
