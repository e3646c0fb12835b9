import type { Place } from '../place.ts';
import { redactedPath } from '../redacted-path.ts';
import { refuseDuplicates } from './report.ts';
import type { Report } from './report.ts';

/** What is replaced in records must be a path, and of a member that may be; recording nothing is told. */
export function checkAudit(root: Place, report: Report): void {
  const mode = root.get('audit', 'mode');
  if (mode.text === 'none')
    report.warn(
      mode,
      'records no decision and no act: for benchmarks only, nobody can be shown who was let in',
    );
  const fields = root.get('audit', 'redact', 'fields').items();
  refuseDuplicates(report, fields, 'the path');
  for (const field of fields) {
    if (field.text === undefined) continue;
    const read = redactedPath(field.text);
    if ('problem' in read) report.refuse(field, read.problem);
  }
}
