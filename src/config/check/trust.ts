import type { Place } from '../place.ts';
import { refuseDuplicates, type Report } from './report.ts';

/** `trust`: every CA name once (classes name anchors and intermediates alike), profiles complete. */
export function checkTrust(root: Place, report: Report): void {
  const trust = root.get('trust');
  const names = (key: string) =>
    trust
      .get(key)
      .items()
      .map((one) => one.get('name'));
  refuseDuplicates(report, [...names('anchors'), ...names('intermediates')], 'CA');
  refuseDuplicates(report, names('pep_cas'), 'CA');

  for (const anchor of trust.get('anchors').items()) {
    const required = anchor.get('revocation', 'required');
    if (anchor.get('pinned').isTrue && required.value !== false) {
      const place = required.present ? required : anchor.get('pinned');
      report.refuse(place, 'a pinned certificate needs revocation.required: false; no CRL can be about it');
    }
    const profile = anchor.get('profile');
    const domain = profile.get('trust_domain');
    const kind = profile.get('kind').text;
    if (kind === 'spiffe' && !domain.present) {
      // Without it this anchor could vouch for the devices of every trust domain.
      report.refuse(profile, 'a spiffe profile needs trust_domain');
    }
    if (kind !== undefined && kind !== 'spiffe' && domain.present)
      report.refuse(domain, 'is for profile spiffe only');
    const devid = profile.get('devid');
    if (kind !== undefined && kind !== 'ieee_802_1ar' && devid.present)
      report.refuse(devid, 'is for profile ieee_802_1ar only');
    if (domain.text !== undefined && !/^[a-z0-9._-]{1,255}$/.test(domain.text)) {
      report.refuse(
        domain,
        'must be a SPIFFE trust domain: lower-case letters, digits, dots, dashes, underscores',
      );
    }
  }
}
