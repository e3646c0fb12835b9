import type { Finding } from '../../lib/reason-code.ts';
import type { CertificationPath, DeviceIdentity } from '../types.ts';

/** The identity of a leaf, or why it has none: exactly one of the two. */
export type Identification =
  | { readonly identity: DeviceIdentity; readonly findings: readonly [] }
  | { readonly identity?: undefined; readonly findings: readonly [Finding, ...Finding[]] };

/** One way in which certificates name devices. */
export interface Profile {
  /** Whether a leaf must carry extendedKeyUsage; `optional` where the scheme's certificates come without. */
  readonly statedPurpose: 'required' | 'optional';
  /** Reads the identity from a path that passed its checks. */
  readonly identify: (path: CertificationPath) => Identification;
  /** The form in which ids of this kind are compared; undefined for what is no id of this kind. */
  readonly normalise: (id: string) => string | undefined;
}

/** The one finding that denies a leaf its identity. */
export function unidentified(code: Finding['code'], detail?: Finding['detail']): Identification {
  return { findings: [detail === undefined ? { code } : { code, detail }] };
}
