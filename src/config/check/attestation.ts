import type { Place } from '../place.ts';
import { namesOf, refuseDuplicates, refuseUnknown, type Report } from './report.ts';
import { checkKeySource } from './sources.ts';

/** `attestation`: verifiers named once, their keys in one place, their classes known, and somebody to require results of. */
export function checkAttestation(root: Place, report: Report): void {
  const verifiers = root.get('attestation', 'verifiers').items();
  const classes = root.get('classes');
  const known = new Set(classes.entries().map(([name]) => name));
  refuseDuplicates(
    report,
    verifiers.map((one) => one.get('name')),
    'verifier',
  );
  for (const verifier of verifiers) {
    checkKeySource(verifier.get('keys'), report);
    refuseUnknown(report, verifier.get('classes').items(), known, 'a class in classes');
  }
  for (const [, rules] of classes.entries()) {
    const rule = rules.get('attestation');
    const { span } = rule.get('max_age');
    if (span !== undefined && span % 1000 !== 0) report.refuse(rule.get('max_age'), 'must be whole seconds');
    const required =
      rule.text === 'required' ||
      (rule.present && rule.text === undefined && rule.get('required').value !== false);
    if (required && namesOf(verifiers).size === 0)
      report.warn(rule, 'no verifier is configured: every device of this class is denied');
  }
}
