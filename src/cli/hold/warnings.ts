import type { Config } from '../../config/types.ts';
import { createInventoryReader } from '../../inventory/reader.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import type { HoldKind } from '../../revocation/holds/types.ts';
import type { Store } from '../../store/types.ts';

interface Around {
  readonly config: Config;
  readonly store: Store;
  readonly now: EpochMs;
}

/** What the operator who adds a hold should know: that it may hold nothing, and where it is not enforced. */
export function holdWarnings(
  hold: { readonly tenant: string; readonly kind: HoldKind; readonly value: string },
  around: Around,
): string[] {
  return [...unheardOf(hold, around), ...observed(around.config, around.now)];
}

/** A name that nothing bears is held all the same, since it may be to come; most often it is a slip. */
function unheardOf(
  { tenant, kind, value }: Parameters<typeof holdWarnings>[0],
  { config, store }: Around,
): string[] {
  const asking = config.peps.filter((pep) => pep.tenant === tenant);
  if (asking.length === 0)
    return [`no enforcement point asks for tenant ${JSON.stringify(tenant)}: this holds nothing`];
  const isDevice = (): boolean =>
    store.snapshot(() => createInventoryReader(store).device(tenant, value)) !== undefined;
  const name = JSON.stringify(value);
  switch (kind) {
    case 'device':
      return isDevice() ? [] : [`the inventory has no device ${name}`];
    case 'class':
      return Object.hasOwn(config.classes, value) ? [] : [`the configuration has no class ${name}`];
    case 'gateway':
      return asking.some((pep) => pep.name === value) || isDevice()
        ? []
        : [`neither an enforcement point nor a device of the inventory is called ${name}`];
    default:
      return [];
  }
}

/** Where denials are let pass for a time, those of holds are too. */
function observed({ enforcement }: Config, now: EpochMs): string[] {
  return enforcement.observe
    .filter(({ until }) => now < until)
    .map(({ pep, class: className, site, until }) => {
      const what =
        pep !== undefined ? `PEP ${pep}` : className !== undefined ? `class ${className}` : `site ${site}`;
      return `${what} is observed until ${formatInstant(until)}: holds are told and not enforced there`;
    });
}
