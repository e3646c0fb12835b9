import type { ValueSource } from '../config/types.ts';
import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import type { RawConnection } from './types.ts';

/** The header in which trusted proxies describe the certificates that they saw. */
export const xfccHeader = 'x-forwarded-client-cert';

/**
 * Counts and sizes of headers, context extensions, metadata and labels, also of entries that nothing reads. Values
 * may have `valueText` characters; those that the configuration maps to the attestation token, and forwarded
 * certificates, have limits of their own.
 */
export function checkMaps(raw: RawConnection, attestation: readonly ValueSource[]): Refusal | undefined {
  return (
    checkMap('headers', raw.headers, limits.headers, (name) => headerLimit(name, attestation)) ??
    checkMap('context_extensions', raw.contextExtensions, limits.mapEntries, (name) =>
      valueLimit(
        attestation.some((source) => 'context_extension' in source && source.context_extension === name),
      ),
    ) ??
    checkMap('metadata', raw.metadata, limits.mapEntries, (name) =>
      valueLimit(attestation.some((source) => 'metadata' in source && source.metadata === name)),
    ) ??
    checkMap('labels', raw.labels, limits.mapEntries, (name) =>
      valueLimit(attestation.some((source) => 'label' in source && source.label === name)),
    )
  );
}

function headerLimit(name: string, attestation: readonly ValueSource[]): number {
  if (name === xfccHeader) return limits.xfccText;
  return valueLimit(attestation.some((source) => 'header' in source && source.header.toLowerCase() === name));
}

function valueLimit(holdsAttestation: boolean): number {
  return holdsAttestation ? limits.attestationText : limits.valueText;
}

function checkMap(
  field: string,
  map: ReadonlyMap<string, string> | undefined,
  entries: number,
  limitOf: (name: string) => number,
): Refusal | undefined {
  if (map === undefined) return undefined;
  if (map.size > entries) return new Refusal(field, `has ${map.size} entries, more than ${entries}`);
  for (const [name, value] of map) {
    if (name.length > limits.idText) return new Refusal(field, 'has an entry whose name is too long');
    // Almost every value is short; only long ones need to know whose limit is theirs.
    if (value.length > limits.valueText && value.length > limitOf(name)) {
      return new Refusal(`${field}.${name}`, `has ${value.length} characters, more than ${limitOf(name)}`);
    }
  }
  return undefined;
}
