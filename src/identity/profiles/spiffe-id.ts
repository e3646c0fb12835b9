import { limits } from '../../context/limits.ts';

export interface SpiffeId {
  readonly trustDomain: string;
  /** With its leading `/`; empty for a trust domain's own id. */
  readonly path: string;
}

const scheme = 'spiffe://';
const trustDomain = /^[a-z0-9._-]{1,255}$/;
const segment = /^[A-Za-z0-9._-]+$/;

/**
 * Reads a SPIFFE ID (SPIFFE-ID standard, section 2): lower-case scheme and trust domain, a path of non-empty segments of
 * letters, digits, `.`, `_` and `-` that are neither `.` nor `..`; no port, user, query, fragment or percent-encoding.
 * Undefined for anything else, and for ids longer than ids may be.
 */
export function parseSpiffeId(uri: string): SpiffeId | undefined {
  if (!uri.startsWith(scheme) || uri.length > limits.idText) return undefined;
  const rest = uri.slice(scheme.length);
  const slash = rest.indexOf('/');
  const domain = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  if (!trustDomain.test(domain)) return undefined;
  const segments = path === '' ? [] : path.slice(1).split('/');
  const wellFormed = segments.every((one) => segment.test(one) && one !== '.' && one !== '..');
  return wellFormed ? { trustDomain: domain, path } : undefined;
}

/** Whether a URI claims to be a SPIFFE ID, well-formed or not. */
export function isSpiffeUri(uri: string): boolean {
  return /^spiffe:/i.test(uri);
}
