import type { ValueSource } from '../config/types.ts';
import type { Refusal } from './refusal.ts';
import { checkText } from './text.ts';
import type { RawConnection } from './types.ts';

/**
 * Reads the text that one configured source names; undefined where the request has none. A present but empty,
 * oversized or malformed text is a refusal: a field that is there is never skipped.
 */
export function readSource(
  raw: RawConnection,
  source: ValueSource,
  field: string,
  max: number,
): string | Refusal | undefined {
  const text = lookUp(raw, source);
  if (text === undefined) return undefined;
  return checkText(field, text, max) ?? text;
}

function lookUp(raw: RawConnection, source: ValueSource): string | undefined {
  if ('header' in source) return raw.headers?.get(source.header.toLowerCase());
  if ('context_extension' in source) return raw.contextExtensions?.get(source.context_extension);
  if ('metadata' in source) return raw.metadata?.get(source.metadata);
  if ('label' in source) return raw.labels?.get(source.label);
  return undefined;
}
