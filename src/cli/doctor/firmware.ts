import type { Config } from '../../config/types.ts';
import { allFirmware } from '../../inventory/firmware/table.ts';
import type { FirmwareRecord } from '../../inventory/firmware/types.ts';
import { compareVersions } from '../../inventory/firmware/version.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { withStore } from '../with-store.ts';
import { ok, warn, type Finding, type Patient } from './finding.ts';

const check = 'firmware';

/** Graces that end within so many milliseconds are told beforehand. */
const soonMs = 7 * 86_400_000;

/**
 * Whether the catalogue of each tenant that a PEP asks for has something that each class may run, and which graces end
 * soon. Nothing where no class names a least version and no catalogue has anything.
 */
export async function examineFirmware({ config, around }: Patient): Promise<readonly Finding[]> {
  const now = around.clock.now();
  const tenants = [...new Set(config.peps.map(({ tenant }) => tenant))];
  try {
    return await withStore(config, 'read_only', around.clock, (store) =>
      tenants.flatMap((tenant) => {
        const firmware = allFirmware(store, tenant);
        return [
          ...(firmware.length === 0
            ? []
            : [ok(check, `tenant ${tenant} has ${firmware.length} in its catalogue`)]),
          ...aboutClasses(tenant, firmware, config, now),
          ...aboutGraces(tenant, firmware, now),
        ];
      }),
    );
  } catch {
    // The finding of the store says why it cannot be read.
    return [];
  }
}

function aboutClasses(
  tenant: string,
  firmware: readonly FirmwareRecord[],
  { classes }: Config,
  now: EpochMs,
): readonly Finding[] {
  return Object.entries(classes).flatMap(([name, rules]) =>
    Object.entries(rules.firmware.minimum)
      .filter(([product, least]) => !firmware.some((one) => mayRun(one, product, least, now)))
      .map(([product, least]) =>
        warn(
          check,
          `class ${name} asks for ${product} ${least} or higher, and the catalogue of tenant ${tenant} approves of none`,
          'import it with `portreeve firmware import`, or mend `firmware.minimum` of the class',
        ),
      ),
  );
}

function mayRun(one: FirmwareRecord, product: string, least: string, now: EpochMs): boolean {
  if (one.product !== product || one.status === 'blocked') return false;
  if (one.grace_until !== undefined && now < one.grace_until) return true;
  return one.status === 'approved' && (compareVersions(one.version, least) ?? -1) >= 0;
}

function aboutGraces(tenant: string, firmware: readonly FirmwareRecord[], now: EpochMs): readonly Finding[] {
  const ending = firmware
    .filter(({ grace_until: until }) => until !== undefined && now < until && until - now <= soonMs)
    .sort((a, b) => (a.grace_until ?? 0) - (b.grace_until ?? 0));
  const [first] = ending;
  if (first?.grace_until === undefined) return [];
  const { product, version, grace_until: until } = first;
  return [
    warn(
      check,
      `tenant ${tenant} has ${ending.length} whose grace ends within 7 days; first ${product} ${version} at ${formatInstant(until)}`,
      'update the devices that still run it: the metric of decisions by reason counts `firmware.grace_expiring`',
    ),
  ];
}
