import type { Leaf } from '../../src/ca/index.ts';

/** A certificate with some of its bytes replaced by as many others, and as PEM; its signature breaks, its form may. */
export function patched(leaf: Leaf, find: string, put: string | Uint8Array): Pick<Leaf, 'der' | 'pem'> {
  const der = Buffer.from(leaf.der);
  const [was, is] = [Buffer.from(find), Buffer.from(put)];
  const at = der.indexOf(was);
  if (at < 0 || was.byteLength !== is.byteLength) throw new Error(`cannot put ${is.toString()} for ${find}`);
  for (let from = at; from >= 0; from = der.indexOf(was, from + 1)) der.set(is, from);
  return { der, pem: pemOf(der) };
}

/** PEM of any bytes, certificate or not. */
export function pemOf(bytes: Uint8Array): string {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** A private extension of so many bytes, to make a certificate as long as one likes. */
export function padding(bytes: number) {
  return { oid: '1.3.6.1.4.1.55555.1', critical: false, value: Buffer.alloc(bytes, 5) };
}
