import { attributeValues } from '../name.ts';
import { attributeOids } from '../oids.ts';
import type { Certificate } from '../types.ts';

/** Vendor and product id of a Matter certificate, each absent, malformed (null) or four hex digits. */
export interface MatterIds {
  readonly vendor: string | null | undefined;
  readonly product: string | null | undefined;
}

/**
 * Reads VendorID and ProductID from a subject (Matter Core section 6.1.1): attributes of their own, or `Mvid:` and
 * `Mpid:` within the commonName, never both; four upper-case hex digits.
 */
export function matterIds({ subject }: Certificate): MatterIds {
  const vendors = attributeValues(subject, attributeOids.matterVendor);
  const products = attributeValues(subject, attributeOids.matterProduct);
  if (vendors.length > 0 || products.length > 0) return { vendor: only(vendors), product: only(products) };
  const names = attributeValues(subject, attributeOids.commonName);
  return { vendor: only(within(names, 'Mvid:')), product: only(within(names, 'Mpid:')) };
}

function only(values: readonly string[]): string | null | undefined {
  const [value, ...others] = values;
  if (value === undefined) return undefined;
  return others.length === 0 && /^[0-9A-F]{4}$/.test(value) ? value : null;
}

/** What follows a prefix in commonNames, the next four characters. */
function within(names: readonly string[], prefix: string): string[] {
  return names.flatMap((name) =>
    name
      .split(prefix)
      .slice(1)
      .map((rest) => rest.slice(0, 4)),
  );
}
