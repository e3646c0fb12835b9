import { toHex } from '../../lib/bytes.ts';
import { DerReader } from '../../lib/der/reader.ts';
import { tags } from '../../lib/der/tags.ts';
import { readOctets, readOid } from '../../lib/der/values.ts';

/** A HardwareModuleName (RFC 4108 section 5). */
export interface HardwareModuleName {
  /** hwType. */
  readonly type: string;
  /** hwSerialNum in lower-case hex; never empty. */
  readonly serial: string;
}

/** Longest serial that can serve as an id: its hex and its type must fit into one. */
const maxSerialOctets = 64;

/** Reads the DER of a HardwareModuleName; undefined for anything else, and for a serial that is empty or too long. */
export function readHardwareModuleName(value: Uint8Array): HardwareModuleName | undefined {
  try {
    const document = new DerReader(value);
    const reader = document.enter(tags.sequence);
    document.end();
    const type = readOid(reader.read(tags.oid));
    const serial = readOctets(reader.read(tags.octetString));
    reader.end();
    const usable = serial.byteLength > 0 && serial.byteLength <= maxSerialOctets;
    return usable ? { type, serial: toHex(serial) } : undefined;
  } catch {
    return undefined;
  }
}
