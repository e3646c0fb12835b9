import type { Place } from '../place.ts';
import type { Report } from './report.ts';

/** Keys that count for nothing without `policy.compat`. */
export function checkCompat(root: Place, report: Report): void {
  if (root.get('policy', 'compat').present) return;
  for (const place of [root.get('policy', 'path'), root.get('compat')]) {
    if (place.present) report.warn(place, 'counts for nothing without policy.compat');
  }
}
