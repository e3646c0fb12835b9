import type { Place } from '../place.ts';
import { refuseDuplicates, type Report } from './report.ts';
import { checkBundleSources } from './sources.ts';

/** Names that say in status and records that no source brought the bundle. */
const taken = ['bundle', 'default'];

/** Where bundles come from, whose count, and how long they do. */
export function checkPolicy(root: Place, report: Report): void {
  const [sources, keys] = [root.get('policy', 'sources'), root.get('policy', 'signed_by').items()];
  checkBundleSources(sources, keys.length > 0, report);
  for (const source of sources.items()) {
    const name = source.get('name');
    if (name.text !== undefined && taken.includes(name.text))
      report.refuse(
        name,
        `cannot be ${name.text}: that is what policy.bundle and the default policy are called`,
      );
  }
  refuseDuplicates(
    report,
    keys.map((key) => key.get('key_id')),
    'a key called',
  );
  const grace = root.get('policy', 'grace');
  if (grace.present && grace.text !== '0s' && !root.get('policy', 'max_age').present)
    report.warn(grace, 'counts for nothing without policy.max_age');
}
