// The library builds on decorators and needs the metadata polyfill loaded before it.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';

x509.cryptoProvider.set(webcrypto);

export { x509 };

/** Names that a DN text may use besides the library's own (CN, O, OU, C, L, ST, DC, …). */
const furtherNames = { serialNumber: '2.5.4.5' };

/** A Name from DN text such as `CN=Meter 7,serialNumber=SN-7,O=Example`, in the order written; `` is the empty Name. */
export function nameOf(text: string): x509.Name {
  return new x509.Name(text, furtherNames);
}
