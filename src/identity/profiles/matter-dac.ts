import type { Certificate } from '../types.ts';
import { type MatterIds, matterIds } from './matter-ids.ts';
import { type Identification, type Profile, unidentified } from './profile.ts';

/**
 * Matter device attestation (Core specification section 6.2.2): exactly PAA, PAI and DAC; the vendor is the same in
 * all that name one, and the product in DAC and PAI. Vendor and product name a kind of device, so that the id of one
 * is `VID-PID-` and the SHA-256 of its key. Attestation certificates state no purpose.
 */
export const matterDac: Profile = {
  statedPurpose: 'optional',
  identify({ certificates }) {
    const [dac, pai, paa, ...others] = certificates;
    if (dac === undefined || pai === undefined || paa === undefined) {
      return unidentified('chain.incomplete', {
        expected: 'PAA, PAI and DAC',
        certificates: certificates.length,
      });
    }
    if (others.length > 0) {
      return unidentified('chain.too_long', {
        expected: 'PAA, PAI and DAC',
        certificates: certificates.length,
      });
    }
    return identifyDac(dac, matterIds(dac), matterIds(pai), matterIds(paa));
  },
  normalise(id) {
    const [, vendor, product, key] = /^([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{64})$/i.exec(id) ?? [];
    if (vendor === undefined || product === undefined || key === undefined) return undefined;
    return `${vendor.toUpperCase()}-${product.toUpperCase()}-${key.toLowerCase()}`;
  },
};

function identifyDac(dac: Certificate, own: MatterIds, pai: MatterIds, paa: MatterIds): Identification {
  const { vendor, product } = own;
  if ([vendor, product, pai.vendor, pai.product, paa.vendor, paa.product].includes(null)) {
    return unidentified('identity.id_malformed', {
      problem: 'an id is not one of four upper-case hex digits',
    });
  }
  if (!vendor || !product) {
    return unidentified('identity.id_missing', { expected: 'VendorID and ProductID in the subject' });
  }
  if (pai.vendor !== vendor) return mismatch('PAI', 'vendor', vendor, pai.vendor);
  if (pai.product !== undefined && pai.product !== product) {
    return mismatch('PAI', 'product', product, pai.product);
  }
  if (paa.vendor !== undefined && paa.vendor !== vendor) return mismatch('PAA', 'vendor', vendor, paa.vendor);
  if (paa.product !== undefined) return mismatch('PAA', 'product', 'none', paa.product);
  return { identity: { scheme: 'matter_dac', id: `${vendor}-${product}-${dac.keyDigest}` }, findings: [] };
}

function mismatch(
  where: 'PAI' | 'PAA',
  what: 'vendor' | 'product',
  expected: string,
  found: string | null | undefined,
): Identification {
  return unidentified('identity.vendor_product_mismatch', { where, what, expected, found: found ?? 'none' });
}
