import { nameText } from '../identity/name-text.ts';
import { crlOids } from './crl-extensions.ts';
import type { CrlLists, UnusedCrl } from './crl-lists.ts';
import type { ParsedCrl } from './parse-crl.ts';

/**
 * What CRL issuers should have done better, and why it does not deny of itself. Only where `denies` says so does it
 * where strictness is asked for: a CRL that is of no use does no harm beside one that is.
 */
export const crlLintTable = {
  crl_number_missing: {
    text: 'CRL without cRLNumber',
    source: 'RFC 5280 section 5.2.3',
    harmless: 'lists are put in order by thisUpdate as well, and a delta is combined with numbered ones only',
    denies: true,
  },
  crl_number_critical: {
    text: 'cRLNumber marked critical',
    source: 'RFC 5280 section 5.2.3',
    harmless: 'it is processed, critical or not',
    denies: true,
  },
  crl_aki_missing: {
    text: 'CRL without authority key identifier',
    source: 'RFC 5280 section 5.2.1',
    harmless: 'the identifier helps to find the signer; only the signature proves it',
    denies: true,
  },
  crl_aki_critical: {
    text: 'authority key identifier of a CRL marked critical',
    source: 'RFC 5280 section 5.2.1',
    harmless: 'it is processed, critical or not',
    denies: true,
  },
  crl_next_update_missing: {
    text: 'CRL without nextUpdate',
    source: 'RFC 5280 section 5.1.2.5',
    harmless: 'it revokes what it lists and tells the status of nothing else',
    denies: true,
  },
  crl_sign_missing: {
    text: "CRL not used: its signer's keyUsage lacks cRLSign",
    source: 'RFC 5280 section 4.2.1.3',
    harmless: 'the CRL counts as missing, which denies where revocation is required',
    denies: true,
  },
  crl_unreadable: {
    text: 'CRL cannot be read',
    source: 'RFC 5280 section 5.1',
    harmless: 'the CRL counts as missing, which denies where revocation is required',
    denies: true,
  },
  crl_unused: {
    text: 'CRL not used',
    source: 'RFC 5280 section 6.3.3',
    harmless: 'the CRL counts as missing, which denies where revocation is required',
    denies: false,
  },
} as const;

export type CrlLintCode = keyof typeof crlLintTable;

/** A row of the table about one CRL. */
export interface CrlLint {
  readonly code: CrlLintCode;
  readonly message: string;
  /** Place in the path of the certificate that the CRL is about; null where that is not known. */
  readonly certificate: number | null;
}

/** Looks over the CRLs that were used for one certificate, and those of its issuer that were not. */
export function lintCrls({ lists, unused }: CrlLists<ParsedCrl>, certificate: number): CrlLint[] {
  const used = lists.flatMap(({ crl, delta }) => (delta === undefined ? [crl] : [crl, delta]));
  return [
    ...used.flatMap((crl) => lintUsed(crl).map((code) => lint(code, certificate, describe(crl)))),
    ...unused.map((one) => lintUnused(one, certificate)),
  ];
}

/** A CRL that was given and could not be read. */
export function unreadableCrl(problem: string): CrlLint {
  return lint('crl_unreadable', null, problem);
}

/** Those that deny where strictness is asked for. */
export function denyingLint(remarks: readonly CrlLint[]): CrlLint[] {
  return remarks.filter(({ code }) => crlLintTable[code].denies);
}

function lintUsed(crl: ParsedCrl): CrlLintCode[] {
  const codes: CrlLintCode[] = [];
  if (crl.number === undefined) codes.push('crl_number_missing');
  if (crl.nextUpdate === undefined) codes.push('crl_next_update_missing');
  if (crl.authorityKeyId === undefined) codes.push('crl_aki_missing');
  if (crl.wronglyCritical.includes(crlOids.crlNumber)) codes.push('crl_number_critical');
  if (crl.wronglyCritical.includes(crlOids.authorityKeyIdentifier)) codes.push('crl_aki_critical');
  return codes;
}

function lintUnused({ crl, problem, withoutRight }: UnusedCrl<ParsedCrl>, certificate: number): CrlLint {
  if (withoutRight !== undefined) return lint('crl_sign_missing', certificate, describe(crl));
  return lint('crl_unused', certificate, `${describe(crl)}: ${problem}`);
}

function lint(code: CrlLintCode, certificate: number | null, note: string): CrlLint {
  return { code, message: `${crlLintTable[code].text}: ${note}`, certificate };
}

function describe(crl: ParsedCrl): string {
  return `${crl.baseNumber === undefined ? 'CRL' : 'delta CRL'} ${crl.number ?? 'without number'} of ${nameText(crl.issuer)}`;
}
