import { isIP } from 'node:net';
import { limits } from '../context/limits.ts';
import { deviceStatuses, keyProtections } from './types.ts';

/** Checks and normalises one text; answers the normal form, or `{ problem }` in words that follow the field's name. */
export type TextRule = (text: string) => string | { readonly problem: string };

const control = /[\p{Cc}\u2028\u2029]/u;
const statusNames: ReadonlySet<string> = new Set(deviceStatuses);

/** Text of 1 to `max` characters, without control characters, lone surrogates or spaces at either end. */
export function plainText(max: number): TextRule {
  return (text) => {
    if (text.length === 0) return { problem: 'is empty' };
    if (text.length > max) return { problem: `is longer than ${max} characters` };
    if (control.test(text)) return { problem: 'has a control character' };
    if (!text.isWellFormed()) return { problem: 'is not well-formed Unicode' };
    if (text.trim() !== text) return { problem: 'begins or ends with a space' };
    return text;
  };
}

/** One of the six statuses. */
export const statusText: TextRule = (text) =>
  statusNames.has(text) ? text : { problem: `must be one of ${deviceStatuses.join(', ')}` };

/** Where the device keeps its key. */
export const keyProtectionText: TextRule = (text) =>
  keyProtections.includes(text) ? text : { problem: `must be one of ${keyProtections.join(', ')}` };

/** Hex digest of one of the given lengths (in hex digits), colons allowed; normal form lower-case without colons. */
export function digestText(...digits: readonly number[]): TextRule {
  return (text) => {
    const hex = text.replaceAll(':', '').toLowerCase();
    const fits = /^[0-9a-f]+$/.test(hex) && digits.includes(hex.length);
    return fits ? hex : { problem: `must be ${digits.join(' or ')} hex digits` };
  };
}

/** IPv4 or IPv6 network in CIDR form, or one address; normal form always has a prefix length. */
export const networkText: TextRule = (text) => {
  const [address = '', prefix, ...rest] = text.toLowerCase().split('/');
  const family = address.includes('%') ? 0 : isIP(address);
  const bits = family === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : /^(0|[1-9]\d{0,2})$/.test(prefix) ? Number(prefix) : Infinity;
  if (family === 0 || rest.length > 0 || length > bits) {
    return { problem: 'must be a network such as 10.1.0.0/16 or 2001:db8::/32' };
  }
  return `${address}/${length}`;
};

/** Entitlements travel in a header as a list: visible ASCII without commas. */
export const entitlementText: TextRule = (text) =>
  /^[!-+\--~]{1,128}$/.test(text)
    ? text
    : { problem: 'must be 1 to 128 visible ASCII characters without commas or spaces' };

/** A UEID as JSON has it (RFC 9711 section 4.2.1): base64url of 7 to 33 bytes. */
export const ueidText: TextRule = (text) =>
  /^[A-Za-z0-9_-]{10,44}$/.test(text) ? text : { problem: 'must be 7 to 33 bytes in base64url' };

/** Every single-valued field of a device, in the order of the import file. */
export const textFields: Readonly<Record<string, { readonly rule: TextRule; readonly required: boolean }>> = {
  device_id: { rule: plainText(limits.idText), required: true },
  status: { rule: statusText, required: true },
  class: { rule: plainText(128), required: true },
  owner: { rule: plainText(256), required: false },
  site: { rule: plainText(128), required: false },
  serial: { rule: plainText(limits.idText), required: false },
  hardware_model: { rule: plainText(256), required: false },
  key_protection: { rule: keyProtectionText, required: false },
  ueid: { rule: ueidText, required: false },
};

/** Every list field: rule of one item, and how many there may be. Items are a set: sorted, without repeats. */
export const listFields: Readonly<Record<string, { readonly rule: TextRule; readonly most: number }>> = {
  tags: { rule: plainText(128), most: 64 },
  attestation_keys: { rule: digestText(64), most: 64 },
  firmware: { rule: digestText(64, 96, 128), most: 256 },
  networks: { rule: networkText, most: 256 },
  gateways: { rule: plainText(limits.idText), most: 256 },
  entitlements: { rule: entitlementText, most: 64 },
};

/** Every field that is an instant: RFC 3339 in files. */
export const instantFields: readonly string[] = ['renewal_expected_by'];

/** Every field that is a list of bindings, each with a window or without. */
export const bindingFields: readonly string[] = ['certificates', 'keys', 'issued'];

export const mostBindings = 64;

export const attributeName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
export const attributeValue: TextRule = plainText(1024);
export const mostAttributes = 64;
