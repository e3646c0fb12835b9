import type { EpochMs } from '../clock.ts';
import { derError, type Tlv } from './reader.ts';
import { tags } from './tags.ts';

const dayMs = 86_400_000;
const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * Reads UTCTime or GeneralizedTime in the only forms that RFC 5280 section 4.1.2.5 allows: `YYMMDDHHMMSSZ` (years
 * 1950 to 2049) and `YYYYMMDDHHMMSSZ`. GeneralizedTime before 2050 is read too, as that section asks of readers.
 * Answers milliseconds since 1970. Throws PDP_DER_INVALID.
 */
export function readTime(tlv: Tlv): EpochMs {
  const content = tlv.content;
  if (tlv.tag === tags.utcTime && content.byteLength === 13) {
    const year = twoDigits(content, 0);
    return instant(year < 50 ? 2000 + year : 1900 + year, content, 2);
  }
  if (tlv.tag === tags.generalizedTime && content.byteLength === 15) {
    return instant(twoDigits(content, 0) * 100 + twoDigits(content, 2), content, 4);
  }
  throw derError('time that is neither YYMMDDHHMMSSZ nor YYYYMMDDHHMMSSZ');
}

function instant(year: number, text: Uint8Array, at: number): EpochMs {
  const [month, day] = [twoDigits(text, at), twoDigits(text, at + 2)];
  const [hour, minute, second] = [twoDigits(text, at + 4), twoDigits(text, at + 6), twoDigits(text, at + 8)];
  if (text[at + 10] !== 0x5a) throw derError('time without Z at its end');
  const lastDay = month === 2 && isLeap(year) ? 29 : daysInMonth[month - 1];
  if (lastDay === undefined || day < 1 || day > lastDay)
    throw derError('time with a date that does not exist');
  if (hour > 23 || minute > 59 || second > 59) throw derError('time with an hour that does not exist');
  return daysSince1970(year, month, day) * dayMs + ((hour * 60 + minute) * 60 + second) * 1000;
}

function twoDigits(text: Uint8Array, at: number): number {
  const [tens, ones] = [(text[at] as number) - 0x30, (text[at + 1] as number) - 0x30];
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw derError('time with something other than digits');
  return tens * 10 + ones;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar; years are counted from March, so that leap days come last. */
function daysSince1970(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const dayOfMarchYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + dayOfMarchYear - 719_468;
}
