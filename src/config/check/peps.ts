import type { Place } from '../place.ts';
import { unknownPepName } from '../reserved.ts';
import { namesOf, refuseDuplicates, refuseUnknown, type Report } from './report.ts';

/** `peps`: names once, matches under known CAs and well-formed, never two PEPs for one certificate name. */
export function checkPeps(root: Place, report: Report): void {
  const peps = root.get('peps').items();
  const cas = namesOf(root.get('trust', 'pep_cas').items());
  refuseDuplicates(
    report,
    peps.map((one) => one.get('name')),
    'PEP',
  );

  for (const pep of peps) {
    if (pep.get('name').text !== unknownPepName) continue;
    report.refuse(pep.get('name'), 'is what callers are called that no entry matches; choose another name');
  }

  const taken = new Set<string>();
  for (const pep of peps) {
    const match = pep.get('match');
    if (!match.present) continue;
    const [san, ca] = [match.get('san'), match.get('ca')];
    refuseUnknown(report, [ca], cas, 'in trust.pep_cas');
    if (san.text === undefined) continue;
    const fault = patternFault(san.text);
    if (fault) report.refuse(san, fault);
    for (const capture of ['site', 'zone']) {
      if (san.text.includes(`{${capture}}`) && pep.get(capture).present) {
        report.refuse(pep.get(capture), `is also captured by match.san; keep one of the two`);
      }
    }
    const key = JSON.stringify([ca.text, san.text]);
    if (taken.has(key)) report.refuse(san, 'another PEP matches the same name under the same CA');
    taken.add(key);
  }
}

/**
 * What is wrong with a SAN pattern; undefined if nothing. A URI (anything with a scheme) or a DNS name, in which
 * `{site}` and `{zone}` may each stand once for one whole path segment or label, never for a URI's authority: the
 * certificate would choose its own trust domain. Never a wildcard: a capture is one, with a name.
 */
export function patternFault(pattern: string): string | undefined {
  const uri = /^[a-z][a-z0-9+.-]*:(?:\/\/)?([^/]*)((?:\/[^/]*)*)$/.exec(pattern);
  const steps = uri ? [uri[1] ?? '', ...(uri[2] ?? '').split('/').slice(1)] : pattern.split('.');
  const captures = steps.filter((step): boolean => step === '{site}' || step === '{zone}');
  if (new Set(captures).size !== captures.length) return 'captures the same name twice';
  if (uri && captures.includes(steps[0] ?? ''))
    return 'must name its authority; a trust domain cannot be captured';
  const plain = uri ? /^[A-Za-z0-9._~:@!$&'()+,;=%-]+$/ : /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/;
  for (const step of steps) {
    if (captures.includes(step) || plain.test(step)) continue;
    if (/[{}]/.test(step))
      return `${JSON.stringify(step)} is not {site} or {zone} alone in its segment or label`;
    return `is neither a URI nor a DNS name (${JSON.stringify(step)})`;
  }
  if (steps.length === captures.length) return 'matches any name; name at least one segment or label';
  return undefined;
}
