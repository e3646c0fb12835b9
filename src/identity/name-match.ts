import { isHostName } from './host-name.ts';
import type { DistinguishedName, Subtree } from './types.ts';

/** A name of a certificate in the form in which constraints are asked about it. */
export type ConstrainedName =
  | { readonly kind: 'dns' | 'uri' | 'email'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: Uint8Array }
  | { readonly kind: 'dn'; readonly value: DistinguishedName }
  /** A form that constraints cannot be compared with, by its tag. */
  | { readonly kind: 'other' | 'unsupported'; readonly tag: number };

/** Whether a name lies within a subtree of its own form; undefined where that cannot be said. */
export type Within = boolean | undefined;

/** Whether a constraint speaks about a name's form at all. */
export function concerns(subtree: Subtree, name: ConstrainedName): boolean {
  if (subtree.kind !== name.kind) return false;
  return subtree.kind !== 'unsupported' || (name.kind === 'unsupported' && subtree.tag === name.tag);
}

/**
 * Compares a name with a subtree of the same form (RFC 5280 section 4.2.1.10). `reading` says how a wildcard is taken:
 * under `permitted` every host that it stands for must be within, under `excluded` any is enough.
 */
export function isWithin(name: ConstrainedName, subtree: Subtree, reading: 'permitted' | 'excluded'): Within {
  if (name.kind === 'dns' && subtree.kind === 'dns') return dnsWithin(name.value, subtree.value, reading);
  if (name.kind === 'uri' && subtree.kind === 'uri') return uriWithin(name.value, subtree.value);
  if (name.kind === 'email' && subtree.kind === 'email') return emailWithin(name.value, subtree.value);
  if (name.kind === 'ip' && subtree.kind === 'ip') return addressWithin(name.value, subtree.value);
  if (name.kind === 'dn' && subtree.kind === 'dn') return nameWithin(name.value, subtree.value);
  return undefined;
}

/** The constraint's relative names are the first of the name; in comparison keys `,` stands between them only. */
function nameWithin(name: DistinguishedName, subtree: DistinguishedName): boolean {
  return subtree.key === '' || name.key === subtree.key || name.key.startsWith(`${subtree.key},`);
}

function dnsWithin(value: string, subtree: string, reading: 'permitted' | 'excluded'): Within {
  const wildcard = value.startsWith('*.');
  const host = (wildcard ? value.slice(2) : value).toLowerCase();
  if (!isHostName(host)) return undefined;
  if (subtree === '') return true;
  const domain = subtree.startsWith('.') ? subtree.slice(1) : subtree;
  const below = host.endsWith(`.${domain}`) || (wildcard && host === domain);
  if (below || (host === domain && domain === subtree)) return true;
  // `*.example.com` stands for `secret.example.com` too.
  return reading === 'excluded' && wildcard && domain.slice(domain.indexOf('.') + 1) === host;
}

/** Hosts: a leading period stands for one label or more, without it for this very host. */
function hostWithin(host: string, subtree: string): boolean {
  return subtree === '' || (subtree.startsWith('.') ? host.endsWith(subtree) : host === subtree);
}

/** The host of a URI's authority (RFC 3986 section 3.2); one without a host name, or with an address, is not comparable. */
function uriWithin(value: string, subtree: string): Within {
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/.exec(value)?.[1];
  if (authority === undefined) return undefined;
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:[0-9]*$/, '')
    .toLowerCase();
  if (!isHostName(host) || /^[0-9.]+$/.test(host)) return undefined;
  return hostWithin(host, subtree);
}

/** The local part is compared as it stands, the host without regard to case. Quoted local parts are not comparable. */
function emailWithin(value: string, subtree: string): Within {
  const at = value.indexOf('@');
  const host = value.slice(at + 1).toLowerCase();
  if (at < 1 || value.includes('"') || !isHostName(host)) return undefined;
  return subtree.includes('@') ? value.slice(0, at + 1) + host === subtree : hostWithin(host, subtree);
}

function addressWithin(value: Uint8Array, subtree: Uint8Array): boolean {
  const size = subtree.byteLength / 2;
  if (value.byteLength !== size) return false;
  return value.every((octet, i) => {
    const mask = subtree[size + i] as number;
    return (octet & mask) === ((subtree[i] as number) & mask);
  });
}
