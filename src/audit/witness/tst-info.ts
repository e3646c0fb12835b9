import type { EpochMs } from '../../lib/clock.ts';
import { DerReader, derError } from '../../lib/der/reader.ts';
import type { DerReader as Reader, Tlv } from '../../lib/der/reader.ts';
import { contextConstructed, contextPrimitive, tags } from '../../lib/der/tags.ts';
import {
  readBoolean,
  readNull,
  readOctets,
  readOid,
  readSmallInteger,
  readTime,
  readUnsignedHex,
  smallIntegerContent,
} from '../../lib/der/values.ts';
import { derElement } from '../../lib/der/write.ts';

/** What a time-stamp says (RFC 3161 section 2.4.2, TSTInfo). */
export interface TstInfo {
  readonly policy: string;
  /** Digest of what was stamped, and its algorithm's OID. */
  readonly imprint: { readonly algorithm: string; readonly digest: Uint8Array };
  /** Lower-case hex. */
  readonly serial: string;
  readonly genTime: EpochMs;
  /** How far the time may be off (ms); null where it is not said. */
  readonly accuracyMs: number | null;
  /** Lower-case hex without leading zero octets; null where there is none. */
  readonly nonce: string | null;
}

/** Reads the DER of a TSTInfo strictly. Throws PDP_DER_INVALID, also for a critical extension: none is known. */
export function readTstInfo(der: Uint8Array): TstInfo {
  const document = new DerReader(der);
  const reader = document.enter(tags.sequence);
  document.end();
  if (readSmallInteger(reader.read(tags.integer)) !== 1) throw derError('TSTInfo of another version than 1');
  const policy = readOid(reader.read(tags.oid));
  const imprint = readImprint(reader.enter(tags.sequence));
  const serial = readUnsignedHex(reader.read(tags.integer));
  const genTime = readGenTime(reader.read(tags.generalizedTime));
  const accuracy = reader.optional(tags.sequence);
  const ordering = reader.optional(tags.boolean);
  if (ordering !== undefined) readBoolean(ordering);
  const nonce = reader.optional(tags.integer);
  reader.optional(contextConstructed(0));
  const extensions = reader.optional(contextConstructed(1));
  reader.end();
  if (extensions !== undefined) refuseCritical(extensions);
  return {
    policy,
    imprint,
    serial: serial.hex,
    genTime,
    accuracyMs: accuracy === undefined ? null : readAccuracy(accuracy),
    nonce: nonce === undefined ? null : readUnsignedHex(nonce).hex,
  };
}

function readImprint(reader: Reader): TstInfo['imprint'] {
  const algorithm = reader.enter(tags.sequence);
  const oid = readOid(algorithm.read(tags.oid));
  if (!algorithm.done) readNull(algorithm.next());
  algorithm.end();
  const digest = readOctets(reader.next());
  reader.end();
  return { algorithm: oid, digest };
}

/** GeneralizedTime as DER has it with fractions of a second (X.690 section 11.7); what is finer than 1 ms is cut off. */
function readGenTime({ content }: Tlv): EpochMs {
  const [, seconds = '', fraction = ''] =
    /^(\d{14})(?:\.(\d{0,17}[1-9]))?Z$/.exec(Buffer.from(content).toString('latin1')) ?? [];
  if (seconds === '') throw derError('genTime that is not YYYYMMDDHHMMSS[.s]Z');
  const whole = new DerReader(derElement(tags.generalizedTime, Buffer.from(`${seconds}Z`))).next();
  return readTime(whole) + Math.floor(Number(`0.${fraction || '0'}`) * 1000);
}

function readAccuracy(tlv: Tlv): number {
  const reader = tlv.open();
  const seconds = reader.optional(tags.integer);
  const millis = reader.optional(contextPrimitive(0));
  const micros = reader.optional(contextPrimitive(1));
  reader.end();
  return (
    (seconds ? readSmallInteger(seconds) * 1000 : 0) +
    (millis ? smallIntegerContent(millis.content) : 0) +
    (micros ? smallIntegerContent(micros.content) / 1000 : 0)
  );
}

function refuseCritical(extensions: Tlv): void {
  const reader = extensions.open();
  while (!reader.done) {
    const extension = reader.enter(tags.sequence);
    const oid = readOid(extension.read(tags.oid));
    const critical = extension.optional(tags.boolean);
    if (critical !== undefined && readBoolean(critical))
      throw derError(`critical extension ${oid} of a time-stamp`);
    readOctets(extension.next());
    extension.end();
  }
}
