import { isHostName } from './host-name.ts';
import type { ConstrainedName } from './name-match.ts';
import type { NameConstraints, Subtree } from './types.ts';

/**
 * A name made ready for comparisons: hosts in lower case, undefined where the name has none that could be compared.
 * Names are compared with each of many constraints, so that everything that depends on the name alone is done here.
 */
export type PreparedName =
  | { readonly kind: 'dns'; readonly host: string | undefined; readonly wildcard: boolean }
  | { readonly kind: 'uri'; readonly host: string | undefined }
  /** `folded` is `mailbox` with its local part in lower case as well. */
  | {
      readonly kind: 'email';
      readonly host: string | undefined;
      readonly mailbox: string;
      readonly folded: string;
    }
  | { readonly kind: 'ip'; readonly value: Uint8Array }
  | { readonly kind: 'dn'; readonly key: string }
  | { readonly kind: 'other' | 'unsupported'; readonly tag: number };

/** A subtree made ready for comparisons. */
export type PreparedSubtree =
  /** `below` is the domain after its period, `parent` the domain that it is in, `apex` whether the domain itself counts. */
  | {
      readonly kind: 'dns';
      readonly any: boolean;
      readonly domain: string;
      readonly below: string;
      readonly parent: string;
      readonly apex: boolean;
    }
  | { readonly kind: 'uri'; readonly host: string }
  | { readonly kind: 'email'; readonly host: string }
  | { readonly kind: 'email'; readonly host: undefined; readonly mailbox: string; readonly folded: string }
  | { readonly kind: 'ip'; readonly value: Uint8Array }
  /** `below` is `key` and the separator of relative names. */
  | { readonly kind: 'dn'; readonly key: string; readonly below: string }
  | { readonly kind: 'other' }
  | { readonly kind: 'unsupported'; readonly tag: number };

export interface PreparedConstraints {
  readonly permitted: readonly PreparedSubtree[];
  readonly excluded: readonly PreparedSubtree[];
  /** What it costs to hold one name against all of them: one for each, and more for long ones. */
  readonly cost: number;
}

/** Makes a name ready. Forms are looked at before case is folded, since folding turns a Kelvin sign into a k. */
export function prepareName(name: ConstrainedName): PreparedName {
  switch (name.kind) {
    case 'dns': {
      const wildcard = name.value.startsWith('*.');
      return { kind: 'dns', wildcard, host: hostOf(wildcard ? name.value.slice(2) : name.value) };
    }
    case 'uri':
      return { kind: 'uri', host: uriHost(name.value) };
    case 'email':
      return prepareMailbox(name.value);
    case 'dn':
      return { kind: 'dn', key: name.value.key };
    default:
      return name;
  }
}

function hostOf(text: string): string | undefined {
  return isHostName(text) ? text.toLowerCase() : undefined;
}

/**
 * Scheme, userinfo, host and port by the letter of RFC 3986 sections 3.1 and 3.2. Readers differ about every other
 * authority (a backslash ends it for some, the last of two `@` begins the host for others).
 */
const authority =
  /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?([A-Za-z0-9._-]+)(?::[0-9]*)?(?:[/?#]|$)/;

/** The host of a URI's authority; undefined where it is no host name, or an address. */
function uriHost(value: string): string | undefined {
  const host = authority.exec(value)?.[1];
  return host === undefined || /^[0-9.]+$/.test(host) ? undefined : hostOf(host);
}

/** Quoted local parts are not comparable. */
function prepareMailbox(value: string): PreparedName {
  const at = value.indexOf('@');
  const host = at < 1 || value.includes('"') ? undefined : hostOf(value.slice(at + 1));
  const local = value.slice(0, at + 1);
  return { kind: 'email', host, mailbox: `${local}${host}`, folded: `${local.toLowerCase()}${host}` };
}

/** Makes a subtree, whose hosts the reader put into lower case, ready. */
export function prepareSubtree(subtree: Subtree): PreparedSubtree {
  switch (subtree.kind) {
    case 'dns': {
      const apex = !subtree.value.startsWith('.');
      const domain = apex ? subtree.value : subtree.value.slice(1);
      const parent = domain.slice(domain.indexOf('.') + 1);
      return { kind: 'dns', any: subtree.value === '', domain, below: `.${domain}`, parent, apex };
    }
    case 'uri':
      return { kind: 'uri', host: subtree.value };
    case 'email': {
      const { value } = subtree;
      if (!value.includes('@')) return { kind: 'email', host: value };
      return { kind: 'email', host: undefined, mailbox: value, folded: value.toLowerCase() };
    }
    case 'dn':
      return { kind: 'dn', key: subtree.value.key, below: `${subtree.value.key},` };
    default:
      return subtree;
  }
}

const prepared = new WeakMap<NameConstraints, PreparedConstraints>();

/** The constraints of a CA made ready, once for as long as its certificate is kept. */
export function prepareConstraints(constraints: NameConstraints): PreparedConstraints {
  const known = prepared.get(constraints);
  if (known !== undefined) return known;
  const all = [...constraints.permitted, ...constraints.excluded];
  const ready = {
    permitted: constraints.permitted.map(prepareSubtree),
    excluded: constraints.excluded.map(prepareSubtree),
    cost: all.reduce((sum, subtree) => sum + 1 + Math.floor(sizeOf(subtree) / charactersPerUnit), 0),
  };
  prepared.set(constraints, ready);
  return ready;
}

/** Characters that are compared in about the time that a comparison takes anyway. */
const charactersPerUnit = 64;

/** No comparison looks at more of a name than a subtree is long. */
function sizeOf(subtree: Subtree): number {
  switch (subtree.kind) {
    case 'dns':
    case 'uri':
    case 'email':
      return subtree.value.length;
    case 'dn':
      return subtree.value.key.length;
    default:
      return 0;
  }
}
