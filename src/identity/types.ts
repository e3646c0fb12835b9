import type { AnchorConfig } from '../config/types.ts';
import type { PresentedCredential } from '../context/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { KeptStats } from '../lib/kept.ts';
import type { Finding } from '../lib/reason-code.ts';

/** Public key of a certificate: what it is, and how strong. */
export interface PublicKeyInfo {
  readonly algorithm:
    'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448' | 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87' | 'unsupported';
  /** EC curve by its OpenSSL name (`prime256v1`, `secp384r1`, `secp521r1`), else undefined. */
  readonly curve?: string;
  /** Modulus bits of RSA, field bits of EC. */
  readonly bits?: number;
}

export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** Content of extnValue (the inner DER), a view into the certificate. */
  readonly value: Uint8Array;
}

/** The extensions of a certificate, none twice, in its order. */
export interface Extensions {
  get(oid: string): Extension | undefined;
  has(oid: string): boolean;
  values(): readonly Extension[];
}

export type GeneralName =
  | { readonly kind: 'dns' | 'uri' | 'email'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: Uint8Array }
  | { readonly kind: 'dn'; readonly value: DistinguishedName }
  | { readonly kind: 'other'; readonly oid: string; readonly value: Uint8Array }
  | { readonly kind: 'unsupported'; readonly tag: number };

export interface NameAttribute {
  readonly oid: string;
  /** Decoded text; strings are checked (UTF-8, PrintableString, IA5String, BMPString), NUL is refused at parse. */
  readonly value: string;
}

export interface DistinguishedName {
  /** The Name's DER, a view. */
  readonly der: Uint8Array;
  readonly rdns: readonly (readonly NameAttribute[])[];
  /** RFC 5280 section 7.1 comparison form; equal keys are equal names. */
  readonly key: string;
}

/** What a GeneralSubtree of NameConstraints names; hosts and domains (with a leading period) in lower case. */
export type Subtree =
  | { readonly kind: 'dns' | 'uri' | 'email'; readonly value: string }
  /** Address and mask, 8 or 32 octets. */
  | { readonly kind: 'ip'; readonly value: Uint8Array }
  | { readonly kind: 'dn'; readonly value: DistinguishedName }
  | { readonly kind: 'other' }
  | { readonly kind: 'unsupported'; readonly tag: number };

export interface NameConstraints {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
}

export interface PolicyInformation {
  readonly oid: string;
  /** OIDs of its qualifiers. */
  readonly qualifiers: readonly string[];
}

export interface PolicyMapping {
  /** issuerDomainPolicy. */
  readonly issuer: string;
  /** subjectDomainPolicy. */
  readonly subject: string;
}

export interface PolicyConstraints {
  /** Certificates that may follow before the demand takes hold. */
  readonly requireExplicitPolicy?: number;
  readonly inhibitPolicyMapping?: number;
}

/** What a certificate, as such or in its place in a path, should have had otherwise: a row of `lintTable`. */
export interface Lint {
  readonly code: string;
  readonly message: string;
  /** Counted in the path from the leaf, 0; null where it is about none of them. */
  readonly certificate: number | null;
}

/** One certificate, read once by the strict reader. Byte fields are views into `der`. */
export interface Certificate {
  readonly der: Uint8Array;
  /** 1, 2 or 3. */
  readonly version: number;
  /** Codes of `lintTable` for what the reader let through although the standard forbids CAs to write it. */
  readonly oddities: readonly string[];
  /** SHA-256 of `der`, hex. */
  readonly fingerprint: string;
  readonly tbs: Uint8Array;
  /** Unsigned big-endian serial number, lower-case hex without leading zero bytes (`00` for zero). */
  readonly serial: string;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: EpochMs;
  readonly notAfter: EpochMs;
  readonly spki: Uint8Array;
  /** SHA-256 of `spki`, hex. */
  readonly keyDigest: string;
  readonly key: PublicKeyInfo;
  readonly signatureAlgorithm: { readonly oid: string; readonly der: Uint8Array };
  readonly signature: Uint8Array;
  readonly extensions: Extensions;
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLen?: number };
  /** Names of the set bits: digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, keyAgreement, keyCertSign, cRLSign, encipherOnly, decipherOnly. */
  readonly keyUsage?: ReadonlySet<string>;
  /** OIDs. */
  readonly extendedKeyUsage?: readonly string[];
  readonly subjectAltNames: readonly GeneralName[];
  readonly subjectKeyId?: Uint8Array;
  readonly authorityKeyId?: Uint8Array;
  readonly nameConstraints?: NameConstraints;
  readonly policies?: readonly PolicyInformation[];
  readonly policyMappings?: readonly PolicyMapping[];
  readonly policyConstraints?: PolicyConstraints;
  /** SkipCerts of inhibitAnyPolicy. */
  readonly inhibitAnyPolicy?: number;
  /** Critical extensions that no part of this program processes. */
  readonly unknownCritical: readonly string[];
}

/** How an anchor's leaves name their device, as configured. Extractors are never tried in turn across anchors. */
export type ProfileSettings = AnchorConfig['profile'];

export type ProfileKind = ProfileSettings['kind'];

/** Revocation rules of one anchor; durations in milliseconds. */
export interface RevocationRules {
  readonly required: boolean;
  /** A CRL whose thisUpdate is older than this is stale even before its nextUpdate. */
  readonly maxAgeMs?: number;
  /** How long after nextUpdate (or maxAge) a CRL still serves, said in every decision. 0 = not at all. */
  readonly graceMs: number;
  /** Grace of the holder of the path's certificate, for CRLs that went stale when it was known already. */
  readonly offline?: { readonly graceMs: number; readonly knownSince: number };
}

export interface TrustAnchor {
  readonly name: string;
  readonly certificate: Certificate;
  readonly profile: ProfileSettings;
  readonly revocation: RevocationRules;
  /** SHA-1 signatures below this anchor are accepted, by name. */
  readonly allowSha1: boolean;
  /** RSA keys of 1024 bits and more at and below this anchor are accepted, by name; else of 2048. */
  readonly allowSmallKeys?: boolean;
  /** Lint findings in a path to this anchor deny. */
  readonly strict?: boolean;
  /** The certificate is a device's own, which signed itself and is no CA: it is a path in itself, and issues nothing. */
  readonly pinned?: boolean;
}

/** All anchors and configured intermediates, compiled once per configuration. */
export interface TrustSet {
  readonly anchors: readonly TrustAnchor[];
  readonly intermediates: readonly { readonly name: string; readonly certificate: Certificate }[];
  /** SHA-256 over names, certificates, profiles and rules: `versions.anchors`. */
  readonly digest: string;
}

export interface DeviceIdentity {
  readonly scheme: ProfileKind;
  /** In the profile's normal form. */
  readonly id: string;
  /** Device serial that the certificate itself states (802.1AR), in the profile's normal form. */
  readonly hardwareSerial?: string;
  readonly trustDomain?: string;
}

/** A path that holds at every time within its certificates' validity. Leaf first, anchor certificate last. */
export interface CertificationPath {
  readonly anchor: TrustAnchor;
  readonly certificates: readonly Certificate[];
  /** What its certificates should have had otherwise; it denies where the anchor is strict. */
  readonly lint?: readonly Lint[];
}

/** What does not depend on time or state, so that it may be cached by the credential's key. */
export interface ResolvedCredential {
  /** The leaf, if it could be parsed. */
  readonly leaf?: Certificate;
  /** Every path that passed all time-independent checks, best first. Empty with findings where none did. */
  readonly paths: readonly CertificationPath[];
  /** Why there is no path, or what is wrong with the leaf itself; deny severity. Empty when `paths` is not. */
  readonly findings: readonly Finding[];
  /** Identity under the first path's anchor; absent with findings of group identity. */
  readonly identity?: DeviceIdentity;
  readonly identityFindings: readonly Finding[];
  /** Of the first path, or of what was sent; never a reason to deny of itself. */
  readonly lint?: readonly Lint[];
}

/** A resolved credential judged at one instant. */
export interface JudgedCredential {
  readonly leaf?: Certificate;
  /** The path that holds at `now`; absent where none does. */
  readonly path?: CertificationPath;
  readonly findings: readonly Finding[];
  readonly identity?: DeviceIdentity;
  /** Lint findings of the path, or of what was sent. */
  readonly lint?: readonly Lint[];
}

export interface IdentityResolver {
  /** Decodes, parses and builds paths, behind an LRU keyed by what came in. Never throws for bad input. */
  resolve(presented: PresentedCredential): ResolvedCredential;
  /** How what it remembers stands: good credentials, and refused ones. */
  stats(): readonly KeptStats[];
}
