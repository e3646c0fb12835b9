/* Generated from rego/schema/input.json by scripts/policy-input.ts; do not edit. */
import type { Finding } from '../lib/reason-code.ts';

/**
 * Policy input, version 1. What a policy is asked. Every key is always there: where there is nothing to say it is
 * null, empty or as its `x-absent` tells, since in Rego an operand that is not there would make a rule that denies
 * silently not hold. Times are Unix seconds, ages and lifetimes whole seconds, serials and digests lower-case hex.
 */
export interface PolicyInputV1 {
  /** Version of this document. Always there. */
  readonly input_version: 1;
  /** Time of the decision. Unit or form: Unix seconds. Always there. */
  readonly now_s: number;
  /** Day of the week of `now_s`. Unit or form: day of the week in UTC, 0 = Sunday … 6 = Saturday. Always there. */
  readonly weekday: number;
  /** Time of day of `now_s`. Unit or form: minutes since midnight in UTC, 0–1439. Always there. */
  readonly minute_of_day: number;
  /** Tenant of the enforcement point. `default` where none is configured. */
  readonly tenant: string;
  /** Way in by which the request came. Always there. */
  readonly door: 'ext_authz_http' | 'ext_authz_l4' | 'native';
  /** Configured name of the enforcement point that asks. Always there. */
  readonly pep: string;
  /** Site of the enforcement point, configured or captured from its certificate. Null where it has none. */
  readonly pep_site: string | null;
  /** Zone of the enforcement point, configured or captured from its certificate. Null where it has none. */
  readonly pep_zone: string | null;
  /** How the enforcement point itself was authenticated. Always there. */
  readonly pep_authenticated_by: 'tls' | 'socket' | 'plaintext' | 'cli';
  /**
   * The configuration lets this enforcement point say, without the device's own certificate, which device connects.
   * Always there.
   */
  readonly pep_may_assert_devices: boolean;
  /**
   * Networks that connections through this enforcement point may come from. Unit or form: CIDR. Empty where none is
   * named, so none is checked.
   */
  readonly pep_networks: readonly string[];
  /**
   * Address that the connection comes from. Unit or form: IPv4 or IPv6 address, canonical text. Null where the
   * request names none.
   */
  readonly source_ip: string | null;
  /**
   * Whose list of networks the source is outside of: its class's, its device record's, its enforcement point's. A
   * list that names none lets every source pass; no address is outside of every other one. Empty where it is outside
   * of none.
   */
  readonly source_outside: readonly ('class' | 'device' | 'pep')[];
  /**
   * As `source_ip`, where the source is outside of some list. Unit or form: IPv4 or IPv6 address, canonical text.
   * Null where the source is outside of no list.
   */
  readonly source_ip_outside: string | null;
  /** What the device wants to reach, as the enforcement point says it. Null where it does not. */
  readonly destination: string | null;
  /** Protocol of the connection, e.g. `HTTP/2` or `mqtt`. Null where it is not said. */
  readonly protocol: string | null;
  /** Server name of the TLS handshake. Unit or form: lower-case. Null without one. */
  readonly sni: string | null;
  /** Method of the HTTP request. Unit or form: upper-case. Null where the request is not HTTP. */
  readonly http_method: string | null;
  /** Host of the HTTP request. Unit or form: lower-case, without port. Null where the request is not HTTP. */
  readonly http_host: string | null;
  /**
   * Path of the HTTP request. Unit or form: percent-decoded once, dot segments removed, without query. Null where the
   * request is not HTTP.
   */
  readonly http_path: string | null;
  /**
   * How the device was authenticated: by its own TLS handshake, by a gateway's word, or not at all. `none` where
   * nobody was.
   */
  readonly authenticated_by: 'device_tls' | 'gateway_asserted' | 'none';
  /**
   * How sure it is that this is the device, from its credential, the gateway and attestation together. `none` where
   * nothing says who connects.
   */
  readonly assurance: 'none' | 'gateway_asserted' | 'device_proved' | 'attested';
  /** The configuration names connections without a certificate as not denied for that alone. Always there. */
  readonly credential_optional: boolean;
  /**
   * A certificate came with the request: the device's own, or the gateway's where `authenticated_by` is
   * `gateway_asserted`. Always there.
   */
  readonly credential_presented: boolean;
  /** The presented certificate has a path to a configured anchor that holds now. False where none was presented. */
  readonly credential_valid: boolean;
  /**
   * Reason codes of what is wrong with the presented certificate, the identity in it or the clock that it is judged
   * by. Unit or form: reason codes. Empty where nothing is.
   */
  readonly credential_findings: readonly string[];
  /**
   * The certificate or its key was lately used by more than one of these, the gravest named. Only where the device
   * showed its own valid certificate. Null where it was not.
   */
  readonly credential_shared: 'devices' | 'gateways' | 'networks' | null;
  /** Configured name of the trust anchor of the certificate's path. Null without a path. */
  readonly anchor: string | null;
  /**
   * How that anchor's certificates name their device: `spiffe`, `san_uri`, `ieee_802_1ar` or `cn`. Null without a
   * path.
   */
  readonly profile: string | null;
  /** Configured name of the CA that issued the leaf. Null without a path. */
  readonly issuer: string | null;
  /**
   * Id of the device that the decision is about: proved by its certificate, else asserted. Null where nothing names
   * one.
   */
  readonly device_id: string | null;
  /** Device serial that the certificate itself states (802.1AR). Null where it states none. */
  readonly hardware_serial: string | null;
  /** Serial number of the leaf. Unit or form: lower-case hex. Null where there is no readable certificate. */
  readonly certificate_serial: string | null;
  /** Digest of the leaf's DER. Unit or form: SHA-256, lower-case hex. Null where there is no readable certificate. */
  readonly certificate_fingerprint: string | null;
  /**
   * Digest of the leaf's SubjectPublicKeyInfo. Unit or form: SHA-256, lower-case hex. Null where there is no readable
   * certificate.
   */
  readonly key_digest: string | null;
  /** Algorithm of the leaf's key, e.g. `ec` or `rsa`. Null where there is no readable certificate. */
  readonly key_algorithm: string | null;
  /**
   * Whole lifetime of the leaf, notAfter less notBefore. Unit or form: seconds. Null where there is no readable
   * certificate.
   */
  readonly lifetime_s: number | null;
  /**
   * Time since the leaf's notBefore. Unit or form: seconds, negative before it. Null where there is no readable
   * certificate.
   */
  readonly certificate_age_s: number | null;
  /**
   * Time until the leaf's notAfter. Unit or form: seconds, negative after it. Null where there is no readable
   * certificate.
   */
  readonly remaining_s: number | null;
  /** Worst revocation status along the path. Null where revocation was not judged. */
  readonly revocation_status: 'good' | 'revoked' | 'on_hold' | 'unknown' | null;
  /** Worst freshness of the CRLs along the path. Null where revocation was not judged. */
  readonly revocation_freshness: 'fresh' | 'within_grace' | 'stale' | 'missing' | null;
  /**
   * Time since thisUpdate of the oldest CRL that was used. Unit or form: seconds, below 0 where that is ahead of the
   * clock. Null where none was.
   */
  readonly crl_age_s: number | null;
  /** Device id that the connection claims (client id, header, field). Null without such a claim. */
  readonly claimed_device_id: string | null;
  /** Serial that the connection claims. Null without such a claim. */
  readonly claimed_serial: string | null;
  /** The claimed id is the proved one. Null where there is no claim or nothing to compare it with. */
  readonly claimed_id_matches: boolean | null;
  /**
   * The claimed serial is the certificate's or the device's. Null where there is no claim or nothing to compare it
   * with.
   */
  readonly claimed_serial_matches: boolean | null;
  /** The inventory has a record of `device_id` in this tenant. Always there. */
  readonly inventory_known: boolean;
  /**
   * Age of what the decision rests on against the `max_age` of the inventory's sources, the worst of them. Null where
   * none has a limit.
   */
  readonly inventory_freshness: 'fresh' | 'within_grace' | 'stale' | null;
  /**
   * Status in the inventory: `pre_provisioned`, `active`, `disabled`, `quarantined`, `lost` or `decommissioned`. Null
   * for an unknown device.
   */
  readonly device_status: string | null;
  /** Class in the inventory. Null for an unknown device. */
  readonly device_class: string | null;
  /** Owner in the inventory. Null where it names none. */
  readonly device_owner: string | null;
  /** Site in the inventory. Null where it names none. */
  readonly device_site: string | null;
  /** Tags in the inventory. Empty for an unknown device. */
  readonly device_tags: readonly string[];
  /**
   * Firmware hashes that the device's record allows. Unit or form: lower-case hex. Empty where the class's list alone
   * counts.
   */
  readonly device_firmware: readonly string[];
  /** Networks that the device's record allows. Unit or form: CIDR. Empty where the class's list alone counts. */
  readonly device_networks: readonly string[];
  /** Entitlements of the device's record. Empty for an unknown device. */
  readonly device_entitlements: readonly string[];
  /** How the device keeps its key, as the inventory says it. Null where it does not. */
  readonly key_protection: string | null;
  /**
   * Strongest way in which the presented certificate is bound to the device; `ended` where the device's record names
   * it and its time is over. `none` where it is not bound.
   */
  readonly binding: 'certificate' | 'key' | 'issuer' | 'none' | 'ended';
  /**
   * When, by the device's record, a certificate that is valid from before then is to have been renewed. Unit or form:
   * Unix seconds. Null where the record does not say.
   */
  readonly renewal_expected_by_s: number | null;
  /**
   * By what the certificate's renewal is overdue: the class's `renew_by_share`, or the time in the device's record
   * for a certificate that is valid from before it. Empty where it is not overdue.
   */
  readonly renewal_overdue: readonly ('class' | 'device')[];
  /**
   * As `remaining_s`, where a renewal is overdue. Unit or form: seconds, negative after it. Null where no renewal is
   * overdue.
   */
  readonly renewal_overdue_remaining_s: number | null;
  /** Hash of the firmware that the device runs. Unit or form: lower-case hex. Null where none is stated. */
  readonly firmware_hash: string | null;
  /** Who states the firmware hash: the connection, or a verified attestation. Null without a hash. */
  readonly firmware_source: 'claimed' | 'attested' | null;
  /** Product that the catalogue has the hash of. Null where it does not have it. */
  readonly firmware_product: string | null;
  /** Version that the catalogue has the hash of. Null where it does not have it. */
  readonly firmware_version: string | null;
  /** What the catalogue says of the hash. Null where it does not have it. */
  readonly firmware_status: 'approved' | 'known_vulnerable' | 'blocked' | null;
  /**
   * What the firmware catalogue, the class's least version and the versions seen before say against the firmware;
   * `firmware.grace_expiring` warns. Unit or form: reasons: `code` and compared values. Empty where nothing speaks
   * against it.
   */
  readonly firmware_findings: readonly Finding[];
  /**
   * Whether an attestation result holds: `none` was presented, `verified` (every check held), or `failed` (see
   * `attestation_findings`). `none` where none was presented.
   */
  readonly attestation_status: 'none' | 'failed' | 'verified';
  /** Least trusted tier of the appraisals that count. Null without a result that a known verifier signed. */
  readonly attestation_tier: 'none' | 'affirming' | 'warning' | 'contraindicated' | null;
  /** Configured name of the verifier that signed the result. Null without one. */
  readonly attestation_verifier: string | null;
  /**
   * Time since the result was issued. Unit or form: seconds, below 0 where that is ahead of the clock. Null without a
   * result that a known verifier signed.
   */
  readonly attestation_age_s: number | null;
  /**
   * Everything that was found against the presented result. Unit or form: reasons: `code` and compared values. Empty
   * where nothing was, or none was presented.
   */
  readonly attestation_findings: readonly Finding[];
  /** Id of the gateway that vouches. Null where none is named. */
  readonly gateway: string | null;
  /**
   * The gateway showed its own valid certificate; false where there is only the enforcement point's word. Null
   * without a gateway.
   */
  readonly gateway_proved: boolean | null;
  /** The inventory has a record of the gateway. Null without a gateway. */
  readonly gateway_known: boolean | null;
  /** Status of the gateway in the inventory. Null without a gateway or where it is unknown. */
  readonly gateway_status: string | null;
  /** The device's record names this gateway, or it is delegated to it now. Null without a gateway. */
  readonly gateway_enrolled: boolean | null;
  /**
   * When what lets the gateway speak for the device ends or has ended. Unit or form: Unix seconds. Null where nothing
   * does, or it has no end.
   */
  readonly gateway_delegation_until_s: number | null;
  /**
   * Up to 32 facts by the names that the configuration gives them, each with its value and where it comes from. Empty
   * where there are none.
   */
  readonly custom: Readonly<
    Record<string, { readonly value: string; readonly origin: 'proved' | 'inventory' | 'claimed' }>
  >;
}
