import type { ValueSource } from '../config/types.ts';
import type { ContextSettings } from './build.ts';
import { xfccHeader } from './check-maps.ts';
import { forwardedForHeader } from './source-address.ts';

/**
 * Names of all headers that the builder may ask for under these settings, in lower case. Of every other one it judges the
 * lengths alone (`checkMaps`), so that a door need not keep it.
 */
export function headersAskedFor({ attestation, claims, custom }: ContextSettings): ReadonlySet<string> {
  const sources: readonly ValueSource[] = [
    ...attestation.challenge,
    ...Object.values(claims).flat(),
    ...Object.values(custom),
  ];
  const configured = sources.flatMap((source) => ('header' in source ? [source.header.toLowerCase()] : []));
  return new Set([xfccHeader, forwardedForHeader, ...configured]);
}
