import canonicalize from 'canonicalize';
import { PortreeveError } from './errors.ts';

/** RFC 8785 (JCS) text of a JSON value. Throws PDP_INTERNAL for what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new PortreeveError('PDP_INTERNAL', 'value has no canonical JSON form');
  return text;
}
