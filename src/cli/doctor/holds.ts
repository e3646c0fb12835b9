import { formatInstant } from '../../lib/clock.ts';
import { holdText, listHolds, type ListedHold } from '../../revocation/holds/list.ts';
import { withStore } from '../with-store.ts';
import { ok, warn, type Finding, type Patient } from './finding.ts';

const check = 'holds';

/** A hold without an end is looked at again after so many milliseconds. */
const longMs = 30 * 86_400_000;
const most = 1000;

/** Operators' holds in force for each tenant that a PEP asks for, and those that seem to be forgotten. */
export async function examineHolds({ config, around }: Patient): Promise<readonly Finding[]> {
  const now = around.clock.now();
  const tenants = [...new Set(config.peps.map(({ tenant }) => tenant))];
  try {
    return await withStore(config, 'read_only', around.clock, (store) =>
      tenants.flatMap((tenant) => {
        const holds = listHolds(store, { tenant, now, limit: most });
        if (holds.length === 0) return [];
        const many = holds.length === most ? `${most} or more` : holds.length;
        const forgotten = holds.filter(({ until, since }) => until === null && now - since > longMs);
        return [ok(check, `tenant ${tenant} has ${many} in force`), ...aboutForgotten(tenant, forgotten)];
      }),
    );
  } catch {
    // The finding of the store says why it cannot be read.
    return [];
  }
}

function aboutForgotten(tenant: string, holds: readonly ListedHold[]): readonly Finding[] {
  const oldest = holds.at(-1);
  if (!oldest) return [];
  const what = `${oldest.hold_id} (${holdText(oldest)}) since ${formatInstant(oldest.since)}`;
  return [
    warn(
      check,
      `tenant ${tenant} has ${holds.length} without an end for more than 30 days; the oldest is ${what}`,
      'lift what is over with `portreeve hold lift`, and disable a device for good by its status',
    ),
  ];
}
