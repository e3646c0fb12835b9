import type { profileKinds } from '../../config/schema/trust.ts';

/**
 * What a case says, in the words of its file: names are those of the keys there, and `case.schema.json` describes every
 * one. Moments are RFC 3339 instants, or offsets such as `-1h` and `+90d`.
 */
export interface CaseWords {
  /** Laid over the configuration that cases begin with; lists of named entries are changed by name. */
  readonly configuration?: Words;
  readonly authorities?: Readonly<Record<string, AuthorityWords>>;
  readonly verifiers?: Readonly<Record<string, VerifierWords>>;
  /** The record of the device that connects; null: the inventory has none. */
  readonly device?: Words | null;
  /** Further records. */
  readonly devices?: readonly Words[];
  /** Null: none is presented. */
  readonly certificate?: CertificateWords | null;
  /** Of the CA that issued the certificate. */
  readonly crl?: CrlWords;
  /** Of further CAs, by their names. */
  readonly crls?: Readonly<Record<string, CrlWords>>;
  /** Null: no token is presented. */
  readonly attestation?: AttestationWords | null;
  readonly network?: NetworkWords;
  readonly gateway?: GatewayWords | null;
  readonly claims?: Readonly<Partial<Record<'device_id' | 'serial' | 'firmware_hash', string>>>;
  readonly authenticated_by?: 'device_tls' | 'gateway_asserted' | 'none';
  /** Name of the enforcement point that asks. */
  readonly pep?: string;
  readonly holds?: readonly HoldWords[];
  /** Rows of the firmware catalogue. */
  readonly firmware?: readonly Words[];
  /** A whole request, in the place of all that is said of the connection. */
  readonly request?: FileWords;
}

/** Members of a document that another part of the program checks. */
export type Words = Readonly<Record<string, unknown>>;

/** A file, by its path from the folder of the file that names it. */
export interface FileWords {
  readonly file: string;
}

export type ProfileWord = (typeof profileKinds)[number];

/** What can be wrong with a certificate or with its chain. */
export const chainFaults = [
  'bad_signature',
  'truncated',
  'trailing_byte',
  'not_a_certificate',
  'self_signed',
  'unknown_issuer',
  'foreign_issuer',
  'missing_intermediate',
  'issuer_expired',
  'issuer_not_ca',
  'issuer_key_usage',
  'path_too_long',
  'name_constraints',
  'weak_hash',
  'weak_key',
] as const;
export type ChainFault = (typeof chainFaults)[number];

export interface CertificateWords {
  /** Real material: the leaf and what is sent with it, PEM or DER. */
  readonly file?: string;
  readonly profile?: ProfileWord;
  readonly id?: string;
  readonly issuer?: string;
  readonly not_before?: string;
  readonly not_after?: string;
  readonly eku?: readonly string[];
  readonly key?: KeyWord;
  readonly revoked?: { readonly at?: string; readonly reason?: string };
  /** An operator's hold on the certificate, or on what else of it. */
  readonly hold?:
    boolean | { readonly on?: 'certificate' | 'key' | 'issuer' | 'device'; readonly until?: string };
  readonly fault?: ChainFault;
  readonly subject?: string;
  readonly uri?: readonly string[];
  readonly dns?: readonly string[];
  readonly email?: readonly string[];
  readonly ip?: readonly string[];
  readonly key_usage?: readonly string[];
  readonly hash?: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
  /** Hex. */
  readonly serial?: string;
  readonly ca?: boolean;
  readonly extensions?: readonly ExtensionWords[];
  /** Authorities whose certificates are sent with it. */
  readonly sends?: readonly string[];
  /** Certificates with the same name share their key. */
  readonly key_name?: string;
}

export type KeyWord = 'ec-p256' | 'ec-p384' | 'ec-p521' | 'rsa-1024' | 'rsa-2048' | 'rsa-3072' | 'ed25519';

export interface ExtensionWords {
  readonly oid: string;
  readonly critical?: boolean;
  /** DER inside extnValue, hex. */
  readonly value: string;
}

export interface AuthorityWords {
  /** Real material: its certificate. It signs nothing then. */
  readonly file?: string;
  /** Name of the authority above; a root where absent. */
  readonly under?: string;
  /** Of a root: how devices below are named. */
  readonly profile?: ProfileWord | Words;
  readonly subject?: string;
  readonly not_before?: string;
  readonly not_after?: string;
  readonly key?: KeyWord;
  readonly key_usage?: readonly string[];
  readonly path_length?: number;
  readonly extensions?: readonly ExtensionWords[];
  /** False: the configuration does not name it. */
  readonly configured?: boolean;
  /** False: it says that it is no CA. */
  readonly ca?: boolean;
  readonly revoked?: { readonly at?: string; readonly reason?: string };
  /** Of a root: further members of its entry among the anchors. */
  readonly anchor?: Words;
}

/** `fresh`: an hour old, for 23 more; `stale`: over a day ago; `missing`: there is none. */
export type CrlWords =
  | 'fresh'
  | 'stale'
  | 'missing'
  | {
      readonly file?: string;
      readonly number?: number;
      readonly this_update?: string;
      readonly next_update?: string;
      readonly revoked?: readonly {
        readonly serial: string;
        readonly at?: string;
        readonly reason?: string;
      }[];
    };

export interface VerifierWords {
  readonly dialect?: 'ear' | 'veraison';
  readonly key?: 'ec-p256' | 'ec-p384' | 'ed25519';
  readonly kid?: string;
  /** False: the configuration does not name it. */
  readonly configured?: boolean;
  /** Further members of its entry among the verifiers. */
  readonly entry?: Words;
}

export interface AttestationWords {
  /** Real material: a token. */
  readonly file?: string;
  readonly verifier?: string;
  /** Another verifier's key signs it. */
  readonly signed_by?: string;
  readonly issued?: string;
  /** Null: it names no end. */
  readonly expires?: string | null;
  /** Of every part unless it says another. */
  readonly status?: string | number;
  readonly vector?: Readonly<Record<string, number>>;
  readonly parts?: Readonly<Record<string, AttestedPart>>;
  /** False: it is about no key; `other`: about another than that of the certificate. */
  readonly about?: 'this_key' | 'other_key' | 'no_key';
  /** Base64url, of the device's attestation and of the enforcement point that asked for it. */
  readonly nonce?: string;
  readonly challenge?: string;
  /** Laid over the claims, and over the header. */
  readonly claims?: Words;
  readonly header?: Words;
  readonly fault?: 'claims' | 'no_signature' | 'not_a_token';
}

export interface AttestedPart {
  readonly status?: string | number;
  readonly vector?: Readonly<Record<string, number>>;
  readonly claims?: Words;
}

export interface NetworkWords {
  /** Null: the enforcement point names no address. */
  readonly source_ip?: string | null;
  readonly destination?: string;
  readonly protocol?: string;
  readonly sni?: string;
  readonly connection_id?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly http?: { readonly method?: string; readonly host?: string; readonly path?: string };
}

export interface GatewayWords {
  readonly id: string;
  /** Its own certificate, with which it vouches for the device. */
  readonly certificate?: CertificateWords;
  /** Its record. */
  readonly device?: Words | null;
  /** For what it may speak; see `gateway import`. */
  readonly delegations?: readonly Words[];
}

/** By exactly one of what can be held. */
export interface HoldWords {
  readonly device?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly issuer?: string;
  readonly firmware?: string;
  readonly class?: string;
  readonly gateway?: string;
  readonly network?: string;
  readonly issued_before?: string;
  readonly until?: string;
  readonly lifted?: boolean;
}
