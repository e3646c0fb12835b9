import type { Store } from '../store/types.ts';
import type { CrlImport } from './put-in-force.ts';
import { importCrlStream, type CrlImportCommon } from './stream/import-crl-stream.ts';

export type { CrlImport } from './put-in-force.ts';

export interface CrlImportOptions extends CrlImportCommon {
  /** One CRL, PEM or DER. */
  readonly bytes: Uint8Array;
}

/** As `importCrlStream`, of bytes at hand. */
export function importCrl(store: Store, o: CrlImportOptions): Promise<CrlImport> {
  return importCrlStream(store, { ...o, open: () => whole(o.bytes) });
}

/** A stream of one chunk. */
async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}
