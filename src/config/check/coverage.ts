import type { Place } from '../place.ts';
import { namesOf, refuseDuplicates, refuseUnknown, type Report } from './report.ts';

/** `revocation.coverage`: CAs that are there, each once, and every point of one once. */
export function checkCoverage(root: Place, report: Report): void {
  const entries = root.get('revocation', 'coverage').items();
  const trust = root.get('trust');
  const anchors = trust
    .get('anchors')
    .items()
    .filter((one) => !one.get('pinned').isTrue);
  const others = ['intermediates', 'pep_cas'].flatMap((key) => [...namesOf(trust.get(key).items())]);
  const cas = new Set([...namesOf(anchors), ...others]);
  const issuers = entries.map((one) => one.get('issuer'));
  refuseUnknown(report, issuers, cas, 'a CA in trust.anchors, trust.intermediates or trust.pep_cas');
  refuseDuplicates(report, issuers, 'coverage of');
  for (const entry of entries) refuseDuplicates(report, entry.get('points').items(), 'point');
}
