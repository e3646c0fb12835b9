import { DerReader, derError } from '../../lib/der/reader.ts';
import type { Tlv } from '../../lib/der/reader.ts';
import { tags } from '../../lib/der/tags.ts';
import { readBitString, readSmallInteger, readString } from '../../lib/der/values.ts';
import { readSignedData } from './signed-data.ts';
import type { SignedData } from './signed-data.ts';
import { timestampOids } from './timestamp-oids.ts';
import { readTstInfo } from './tst-info.ts';
import type { TstInfo } from './tst-info.ts';

/** Most bytes of a TimeStampResp with its certificates. */
export const timestampLimits = { bytes: 256 * 1024 } as const;

/** A time-stamp that was read and not verified. */
export interface TimestampToken {
  readonly signed: SignedData;
  readonly info: TstInfo;
}

/** What an authority answered: a token, or why it gives none. */
export type TimestampResponse =
  | { readonly token: TimestampToken; readonly refusal?: undefined }
  | { readonly token?: undefined; readonly refusal: string };

const statusNames = ['granted', 'granted with modifications', 'rejection', 'waiting', 'revocation warning'];

/** PKIFailureInfo (RFC 3161 section 2.4.2), bits that have a name. */
const failureNames: ReadonlyMap<number, string> = new Map([
  [0, 'the algorithm is not known to it'],
  [2, 'it does not allow the request'],
  [5, 'it cannot read the request'],
  [14, 'its source of time is not there'],
  [15, 'it does not know the policy'],
  [16, 'it does not know an extension'],
  [17, 'it cannot give what was asked for'],
  [25, 'it failed'],
]);

/**
 * Reads a TimeStampResp (RFC 3161 section 2.4.2) strictly as DER; nothing is verified. Throws PDP_DER_INVALID, also
 * where certificates in it cannot be read.
 */
export function parseTimestampResponse(bytes: Uint8Array): TimestampResponse {
  const document = new DerReader(bytes, timestampLimits.bytes);
  const response = document.enter(tags.sequence);
  document.end();
  const { status, told } = readStatus(response.read(tags.sequence));
  const contentInfo = response.optional(tags.sequence);
  response.end();
  if (status > 1) return { refusal: told };
  if (contentInfo === undefined) throw derError('time-stamp granted without a token');
  const signed = readSignedData(contentInfo);
  if (signed.contentType !== timestampOids.tstInfo)
    throw derError(`content of type ${signed.contentType}, which is no time-stamp`);
  return { token: { signed, info: readTstInfo(signed.content) } };
}

function readStatus(tlv: Tlv): { readonly status: number; readonly told: string } {
  const reader = tlv.open();
  const status = readSmallInteger(reader.read(tags.integer));
  const texts = reader.optional(tags.sequence);
  const failure = reader.optional(tags.bitString);
  reader.end();
  const words = [statusNames[status] ?? `status ${status}`];
  if (failure !== undefined) words.push(...failureWords(failure));
  if (texts !== undefined) words.push(...readTexts(texts));
  return { status, told: words.join(': ') };
}

/** BIT STRINGs with trailing zero bits are let through: they change no meaning, and authorities write them. */
function failureWords(tlv: Tlv): string[] {
  const { bytes } = readBitString(tlv);
  const names = [...failureNames].filter(([bit]) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
  return names.map(([, name]) => name);
}

function readTexts(tlv: Tlv): string[] {
  const reader = tlv.open();
  const texts: string[] = [];
  while (!reader.done) texts.push(readString(reader.read(tags.utf8String)).slice(0, 256));
  return texts.slice(0, 4);
}
