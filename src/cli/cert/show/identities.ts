import { identify, profiles } from '../../../identity/profiles/index.ts';
import type {
  Certificate,
  DeviceIdentity,
  ProfileKind,
  ProfileSettings,
  TrustAnchor,
  TrustSet,
} from '../../../identity/types.ts';
import type { Finding } from '../../../lib/reason-code.ts';

/** The device that a certificate would name under one profile, or why it names none. */
export interface ShownIdentity {
  readonly profile: ProfileKind;
  /** The configured anchor whose profile this is; null without a configuration. */
  readonly anchor: string | null;
  readonly identity: DeviceIdentity | null;
  readonly findings: readonly Finding[];
}

/**
 * The identity by each configured anchor's profile, whether or not the certificate chains to it; by every profile
 * without a configuration. Only for showing: a decision asks the profile of the anchor that the path ends in, and no other.
 */
export function showIdentities(
  path: readonly Certificate[],
  trust: TrustSet | undefined,
): readonly ShownIdentity[] {
  const anchors =
    trust?.anchors ?? (Object.keys(profiles) as ProfileKind[]).map((kind) => imagined(kind, path));
  return anchors.map((anchor) => {
    const { identity, findings } = identify({ anchor, certificates: path });
    return {
      profile: anchor.profile.kind,
      anchor: trust === undefined ? null : anchor.name,
      identity: identity ?? null,
      findings,
    };
  });
}

/** An anchor that asks for nothing but its profile. */
function imagined(kind: ProfileKind, path: readonly Certificate[]): TrustAnchor {
  const profile: ProfileSettings = { kind };
  return {
    name: kind,
    certificate: path.at(-1) as Certificate,
    profile,
    revocation: { required: false, graceMs: 0 },
    allowSha1: false,
  };
}
