import { createRoot, issueCa, issueLeaf } from '../../src/ca/index.ts';
import type { Authority, Leaf, LeafOptions } from '../../src/ca/index.ts';
import type { EpochMs } from '../../src/lib/clock.ts';

export const hour = 3_600_000;
export const day = 24 * hour;

/** The trust domain of every SPIFFE id in the world. */
export const trustDomain = 'fleet.example';

/** SPIFFE id of a device: `deviceId('meter/1')` is `spiffe://fleet.example/meter/1`. */
export function deviceId(name: string): string {
  return `spiffe://${trustDomain}/${name}`;
}

/** The CAs of the world. Anchors: fleet, vendor, building, legacy. The foreign ones are trusted by nobody. */
export interface WorldPki {
  /** Anchor `fleet`: SPIFFE ids; CRLs required, 12 hours of grace. */
  readonly fleet: Authority;
  /** Issuing CAs under fleet, configured as intermediates of these names. */
  readonly meters: Authority;
  readonly cameras: Authority;
  readonly gateways: Authority;
  /** Issuing CA under fleet that fleet's CRL revokes. */
  readonly retired: Authority;
  /** Issuing CA under fleet that is not configured: its paths need a sent chain. */
  readonly unlisted: Authority;
  /** Anchor `vendor`: 802.1AR serial numbers, issues leaves itself; CRLs not required. */
  readonly vendor: Authority;
  /** Anchor `building`: any URI; CRLs not required. */
  readonly building: Authority;
  /** Anchor `legacy`: common names; CRLs not required. */
  readonly legacy: Authority;
  /** A root and an issuing CA with the very subjects of fleet and meters, and other keys. */
  readonly foreignFleet: Authority;
  readonly foreignMeters: Authority;
}

export type CaName = keyof WorldPki;

/** Validity of every CA: from a year before the world's time to nine years after. */
function caLife(now: EpochMs) {
  return { notBefore: now - 365 * day, notAfter: now + 9 * 365 * day };
}

export async function makePki(now: EpochMs): Promise<WorldPki> {
  const life = caLife(now);
  const fleet = await createRoot({ subject: 'CN=Fleet Root,O=Example', ...life });
  const foreignFleet = await createRoot({ subject: 'CN=Fleet Root,O=Example', ...life });
  const under = (parent: Authority, name: string) =>
    issueCa(parent, { subject: `CN=${name},O=Example`, ...life });
  return {
    fleet,
    meters: await under(fleet, 'Meters CA'),
    cameras: await under(fleet, 'Cameras CA'),
    gateways: await under(fleet, 'Gateways CA'),
    retired: await under(fleet, 'Retired CA'),
    unlisted: await under(fleet, 'Unlisted CA'),
    vendor: await createRoot({ subject: 'CN=Vendor Root,O=Vendor', ...life }),
    building: await createRoot({ subject: 'CN=Building Root,O=Example', ...life }),
    legacy: await createRoot({ subject: 'CN=Legacy Root,O=Example', ...life }),
    foreignFleet,
    foreignMeters: await under(foreignFleet, 'Meters CA'),
  };
}

/** A device's leaf: valid from a day ago for 90 days, with the device's SPIFFE id, unless told otherwise. */
export function makeLeaf(
  issuer: Authority,
  name: string,
  now: EpochMs,
  options: Partial<LeafOptions> = {},
): Promise<Leaf> {
  return issueLeaf(issuer, {
    subject: `CN=${name}`,
    san: { uri: [deviceId(name)] },
    notBefore: now - day,
    notAfter: now + 89 * day,
    ...options,
  });
}
