import type { Place } from '../place.ts';
import { namesOf, refuseUnknown, type Report } from './report.ts';

/** `classes`: only CAs that are there, and rules that can be met. */
export function checkClasses(root: Place, report: Report): void {
  const trusted = root.get('trust', 'anchors').items();
  const anchors = namesOf(trusted);
  const issuing = namesOf(trusted.filter((one) => !one.get('pinned').isTrue));
  const cas = new Set([...issuing, ...namesOf(root.get('trust', 'intermediates').items())]);
  for (const [, rules] of root.get('classes').entries()) {
    refuseUnknown(report, rules.get('anchors').items(), anchors, 'in trust.anchors');
    refuseUnknown(report, rules.get('issuers').items(), cas, 'a CA in trust.anchors or trust.intermediates');
    if (rules.get('binding').text === 'issuer' && rules.get('issuers').items().length === 0) {
      report.refuse(rules.get('binding'), 'binding issuer needs issuers');
    }
    for (const key of ['max_lifetime', 'ttl', 'session_limit']) {
      const { span } = rules.get(key);
      if (span !== undefined && span % 1000 !== 0) report.refuse(rules.get(key), 'must be whole seconds');
    }
    const blocked = new Set(
      rules
        .get('firmware', 'blocked')
        .items()
        .map((one) => one.text),
    );
    for (const hash of rules.get('firmware', 'allowed').items()) {
      if (blocked.has(hash.text)) report.refuse(hash, 'is also blocked; keep one of the two');
    }
  }
}

/** `wire.retry_after`: whole seconds, the shortest not above the longest. */
export function checkRetryAfter(root: Place, report: Report): void {
  const place = root.get('wire', 'retry_after');
  const [min, max] = [place.get('min'), place.get('max')];
  for (const one of [min, max]) {
    if (one.span !== undefined && one.span % 1000 !== 0) report.refuse(one, 'must be whole seconds');
  }
  const [shortest, longest] = [min.span ?? 5000, max.span ?? 30_000];
  if (shortest > longest) report.refuse(min.present ? min : max, 'min is more than max');
}
