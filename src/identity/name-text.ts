import { inOnePiece } from '../lib/text.ts';
import type { DistinguishedName, NameAttribute } from './types.ts';

/** Short names of RFC 4514 section 3, and of the further attributes that device certificates carry. */
const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.42': 'GN',
  '2.5.4.46': 'dnQualifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** Code points that RFC 4518 section 2.2 maps to nothing: soft hyphen, joiners, variation selectors and the like. */
const mappedToNothing = /[\u00ad\u034f\u1806\u180b-\u180d\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]/g;

/**
 * A name's value in the form in which values are compared (RFC 5280 section 7.1, RFC 4518): compatibility forms and
 * case folded, white space at the ends removed and within reduced to one space.
 */
export function prepareText(value: string): string {
  const folded = /^[\x20-\x7e]*$/.test(value) ? value.toLowerCase() : foldUnicode(value);
  return /^ | $| {2}/.test(folded) ? folded.trim().replace(/ +/g, ' ') : folded;
}

function foldUnicode(value: string): string {
  // Upper before lower case folds what lower case alone keeps apart (final sigma, sharp s).
  const folded = value
    .replace(mappedToNothing, '')
    .normalize('NFKC')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC');
  return folded.replace(/\s/g, ' ');
}

/** A name for people and records in the form of RFC 4514: last relative name first, `,` and `+` between. */
export function nameText(name: DistinguishedName): string {
  return name.rdns
    .map((rdn) => rdn.map(formatAttribute).join('+'))
    .reverse()
    .join(',');
}

function formatAttribute({ oid, value }: NameAttribute): string {
  const escaped = value
    .replace(/[\\",+;<>]/g, '\\$&')
    .replace(/^ | $/g, '\\ ')
    .replace(/\p{Cc}/gu, (control) => `\\${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return inOnePiece(shortNames[oid] ?? oid, '=', escaped);
}
