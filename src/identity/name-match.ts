import type { PreparedName, PreparedSubtree } from './prepared-names.ts';
import type { DistinguishedName } from './types.ts';

/** A name of a certificate in the form in which constraints are asked about it. */
export type ConstrainedName =
  | { readonly kind: 'dns' | 'uri' | 'email'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: Uint8Array }
  | { readonly kind: 'dn'; readonly value: DistinguishedName }
  /** A form that constraints cannot be compared with, by its tag. */
  | { readonly kind: 'other' | 'unsupported'; readonly tag: number };

/** Whether a name lies within a subtree of its own form; undefined where that cannot be said. */
export type Within = boolean | undefined;

/** Under `permitted` a name must be within for certain, under `excluded` it must be outside for certain. */
export type Reading = 'permitted' | 'excluded';

/** Whether a constraint speaks about a name's form at all. */
export function concerns(subtree: PreparedSubtree, name: PreparedName): boolean {
  if (subtree.kind !== name.kind) return false;
  return subtree.kind !== 'unsupported' || (name.kind === 'unsupported' && subtree.tag === name.tag);
}

/**
 * Compares a name with a subtree of the same form (RFC 5280 section 4.2.1.10). Where readers differ, `reading` takes
 * what is narrower under `permitted` and wider under `excluded`: the hosts that a wildcard stands for, the domain
 * itself of a DNS constraint with a leading period, and the case of a mailbox's local part.
 */
export function isWithin(name: PreparedName, subtree: PreparedSubtree, reading: Reading): Within {
  if (name.kind === 'dns' && subtree.kind === 'dns') return dnsWithin(name, subtree, reading);
  if (name.kind === 'uri' && subtree.kind === 'uri') return hostWithin(name.host, subtree.host);
  if (name.kind === 'email' && subtree.kind === 'email') return emailWithin(name, subtree, reading);
  if (name.kind === 'ip' && subtree.kind === 'ip') return addressWithin(name.value, subtree.value);
  if (name.kind === 'dn' && subtree.kind === 'dn') return nameWithin(name.key, subtree);
  return undefined;
}

type Of<T, K> = Extract<T, { readonly kind: K }>;

/** The constraint's relative names are the first of the name; in comparison keys `,` stands between them only. */
function nameWithin(key: string, subtree: Of<PreparedSubtree, 'dn'>): boolean {
  return subtree.key === '' || key === subtree.key || key.startsWith(subtree.below);
}

function dnsWithin(
  { host, wildcard }: Of<PreparedName, 'dns'>,
  subtree: Of<PreparedSubtree, 'dns'>,
  reading: Reading,
): Within {
  if (host === undefined) return undefined;
  if (subtree.any || host.endsWith(subtree.below)) return true;
  // A leading period, which RFC 5280 does not know in DNS names, leaves the domain itself out where that is narrower.
  if (host === subtree.domain) return wildcard || subtree.apex || reading === 'excluded';
  // `*.example.com` stands for `secret.example.com` too.
  return reading === 'excluded' && wildcard && subtree.parent === host;
}

/** Hosts: a leading period stands for one label or more, without it for this very host. */
function hostWithin(host: string | undefined, subtree: string): Within {
  if (host === undefined) return undefined;
  return subtree === '' || (subtree.startsWith('.') ? host.endsWith(subtree) : host === subtree);
}

/** Local parts are compared as they stand under `permitted`: which hosts tell their case apart is not known. */
function emailWithin(
  name: Of<PreparedName, 'email'>,
  subtree: Of<PreparedSubtree, 'email'>,
  reading: Reading,
): Within {
  if (name.host === undefined) return undefined;
  if (subtree.host !== undefined) return hostWithin(name.host, subtree.host);
  return reading === 'excluded' ? name.folded === subtree.folded : name.mailbox === subtree.mailbox;
}

function addressWithin(value: Uint8Array, subtree: Uint8Array): boolean {
  const size = subtree.byteLength / 2;
  if (value.byteLength !== size) return false;
  for (let i = 0; i < size; i++) {
    const mask = subtree[size + i] as number;
    if (((value[i] as number) & mask) !== ((subtree[i] as number) & mask)) return false;
  }
  return true;
}
