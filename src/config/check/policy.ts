import type { EpochMs } from '../../lib/clock.ts';
import type { Place } from '../place.ts';
import { refuseDuplicates, type Report } from './report.ts';
import { checkBundleSources } from './sources.ts';

/** Names that say in status and records that no source brought the bundle. */
const taken = ['bundle', 'default', 'shadow'];

/** Where bundles come from, whose count, and how long they do. */
export function checkPolicy(root: Place, report: Report, now: EpochMs): void {
  const [sources, keys] = [root.get('policy', 'sources'), root.get('policy', 'signed_by').items()];
  checkBundleSources([...sources.items(), ...shadowSources(root)], keys.length > 0, report);
  for (const source of [...sources.items(), ...shadowSources(root)]) {
    const name = source.get('name');
    if (name.text !== undefined && taken.includes(name.text))
      report.refuse(
        name,
        `cannot be ${name.text}: that is what policy.bundle, the default policy and policy.shadow.bundle are called`,
      );
  }
  checkShadow(root.get('policy', 'shadow'), report, now);
  refuseDuplicates(
    report,
    keys.map((key) => key.get('key_id')),
    'a key called',
  );
  const grace = root.get('policy', 'grace');
  if (grace.present && grace.text !== '0s' && !root.get('policy', 'max_age').present)
    report.warn(grace, 'counts for nothing without policy.max_age');
}

function shadowSources(root: Place): Place[] {
  return root.get('policy', 'shadow', 'sources').items();
}

function checkShadow(shadow: Place, report: Report, now: EpochMs): void {
  if (!shadow.present) return;
  if (!shadow.get('bundle').present && shadow.get('sources').items().length === 0)
    report.refuse(shadow, 'must name a bundle or sources');
  const until = shadow.get('until');
  if (until.instant !== undefined && until.instant <= now)
    report.warn(until, 'is over; no bundle is asked beside the one in force');
}
