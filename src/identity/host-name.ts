/** Letters, digits, hyphens and underscores: the underscore is no part of a host name and is a lint finding. */
const label = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/** Whether a text is a host name in the form of RFC 1034 section 3.5, underscores let through; no final period. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && text.split('.').every((one) => label.test(one));
}

/** As `isHostName`, by the letter: without underscores. */
export function isStrictHostName(text: string): boolean {
  return isHostName(text) && !text.includes('_');
}
