import type { GeneralName } from '../identity/types.ts';
import { PortreeveError } from '../lib/errors.ts';

/** What a PEP's certificate name says about where the PEP is. */
export interface Captures {
  readonly site?: string;
  readonly zone?: string;
}

/** Whether a certificate has the configured name; captures where it has. */
export type SanMatcher = (names: readonly GeneralName[]) => Captures | undefined;

const placeholder = /\{([^{}]*)\}/g;
/** One path segment that is not a dot segment, or one DNS label; escapes and wildcards are no names of sites. */
const captured = {
  uri: '(?!\\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,64}',
  dns: '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?',
};

/**
 * Compiles a PEP's configured SAN: a URI (anything with `:`) compared exactly, or a DNS name compared without case;
 * `{site}` and `{zone}` stand for exactly one whole path segment or DNS label and are captured. Throws
 * PDP_CONFIG_INVALID for other placeholders, one given twice, one that is a part of a segment, or one in a URI's
 * authority (which would let the certificate choose its trust domain).
 */
export function compileSan(san: string): SanMatcher {
  const kind = san.includes(':') ? 'uri' : 'dns';
  const source = patternSource(kind === 'dns' ? san.toLowerCase() : san, kind);
  const pattern = new RegExp(`^${source}$`);
  return (names) => {
    for (const name of names) {
      if (name.kind !== kind) continue;
      const match = pattern.exec(kind === 'dns' ? name.value.toLowerCase() : name.value);
      if (match) return { ...match.groups };
    }
    return undefined;
  };
}

function patternSource(san: string, kind: 'uri' | 'dns'): string {
  const separator = kind === 'uri' ? '/' : '.';
  const fixed = kind === 'uri' ? authorityEnd(san) : 0;
  const seen = new Set<string>();
  let source = '';
  let from = 0;
  for (const match of san.matchAll(placeholder)) {
    const [whole, name] = match as unknown as [string, string];
    const [before, after] = [san[match.index - 1] ?? separator, san[match.index + whole.length] ?? separator];
    const misplaced = match.index < fixed || before !== separator || after !== separator;
    if ((name !== 'site' && name !== 'zone') || seen.has(name) || misplaced) {
      throw new PortreeveError(
        'PDP_CONFIG_INVALID',
        `peps: pattern ${san}: ${whole} must be {site} or {zone}, once each, as a whole path segment or DNS label`,
      );
    }
    seen.add(name);
    source += `${literal(san, san.slice(from, match.index))}(?<${name}>${captured[kind]})`;
    from = match.index + whole.length;
  }
  return source + literal(san, san.slice(from));
}

/** A part of the SAN that is meant as it stands, as the source of a regular expression. */
function literal(san: string, text: string): string {
  if (/[{}]/.test(text)) {
    throw new PortreeveError('PDP_CONFIG_INVALID', `peps: pattern ${san}: a brace that is no placeholder's`);
  }
  return text.replace(/[.*+?^$()|[\]\\/-]/g, '\\$&');
}

/** Where the path of a URI begins; the end of the text where there is none. */
function authorityEnd(uri: string): number {
  const start = uri.indexOf('://');
  const end = start < 0 ? uri.indexOf('/') : uri.indexOf('/', start + 3);
  return end < 0 ? uri.length : end;
}
