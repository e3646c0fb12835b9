import type { ExactJson } from '../lib/exact-json.ts';

/**
 * What a PEP says about one connection. `RawConnection` is what a door decoded from the wire, still
 * untrusted; `ConnectionContext` is what the strict builder made of it, readonly and within the limits.
 */

/** One way in. The CLI decodes the same requests as the wire doors and keeps their door names. */
export type Door = 'ext_authz_http' | 'ext_authz_l4' | 'native';

/** How the device was authenticated; a gateway's word is never the same as the device's own proof. */
export type AuthenticatedBy = 'device_tls' | 'gateway_asserted' | 'none';

/** The PEP that asks, as the listener's configuration and its certificate establish it. Facts of the decision. */
export interface Pep {
  readonly name: string;
  readonly tenant: string;
  /** Site of the PEP, from its entry or captured from its certificate's name; also the default site of its connections. */
  readonly site?: string;
  readonly zone?: string;
  /** How the PEP itself was authenticated: client certificate, Unix socket, plaintext loopback, or the command line. */
  readonly authenticated_by: 'tls' | 'socket' | 'plaintext' | 'cli';
  /** May say, without the device's own certificate, which device is connecting. */
  readonly may_assert_devices: boolean;
  /** Its `x-forwarded-client-cert` header is sanitised and may be believed. */
  readonly may_send_xfcc: boolean;
  /** CIDRs that its connections may come from; empty means that no network is named, so none is checked. */
  readonly networks: readonly string[];
  /** Trusted proxies in front of the PEP: how many entries to step back in `x-forwarded-for`; 0 = the peer address counts. */
  readonly trusted_hops: number;
}

/** What a door decoded; every field untrusted. Header names are lower-case; repeated headers are joined by the PEP. */
export interface RawConnection {
  readonly door: Door;
  readonly pep: Pep;
  /** Absent where no certificate was given. */
  readonly certificate?:
    | { readonly form: 'url_pem'; readonly text: string }
    | { readonly form: 'der'; readonly chain: readonly Uint8Array[] };
  /** Native door only: what the request says. ext_authz doors leave it out and the builder derives it. */
  readonly authenticatedBy?: AuthenticatedBy;
  readonly gateway?: string;
  /** Native door only; ext_authz doors map claims from headers, context extensions and metadata. */
  readonly claims?: Readonly<Partial<Record<ClaimName, string>>>;
  /** Native door only: the OCSP response that came with the certificate, DER. */
  readonly stapledOcsp?: Uint8Array;
  /** Native door only: the nonce that the PEP gave the device to attest with, base64url. */
  readonly challenge?: string;
  readonly headers?: ReadonlyMap<string, string>;
  readonly contextExtensions?: ReadonlyMap<string, string>;
  /** Envoy metadata flattened to `namespace:key.key` → text of strings, numbers and booleans. */
  readonly metadata?: ReadonlyMap<string, string>;
  readonly labels?: ReadonlyMap<string, string>;
  readonly sourceIp?: string;
  readonly destination?: string;
  readonly protocol?: string;
  readonly sni?: string;
  readonly http?: { readonly method?: string; readonly host?: string; readonly path?: string };
  readonly connectionId?: string;
  readonly requestId?: string;
  readonly traceparent?: string;
  /** Where the policy is asked with another input than ours alone. */
  readonly document?: RequestDocument;
}

/**
 * What a policy that was written for another program is shown of a request, beside our facts: JSON, with numbers that
 * are not rounded (`lib/exact-json.ts`). Opaque to all but the door that makes it and the policy.
 */
export type RequestDocument = Readonly<Record<string, ExactJson>>;

export type ClaimName = 'device_id' | 'serial' | 'firmware_hash' | 'attestation';

/** A certificate as it was presented, not yet decoded. `key` is SHA-256 (hex) of exactly what came in. */
export interface PresentedCredential {
  readonly key: string;
  readonly source: 'peer_certificate' | 'xfcc' | 'peer_chain';
  readonly material:
    | { readonly form: 'url_pem'; readonly text: string }
    | { readonly form: 'der'; readonly chain: readonly Uint8Array[] };
}

/** Where a custom fact came from: proved by the device's certificate, the inventory, or merely said. */
export type FactOrigin = 'proved' | 'inventory' | 'claimed';

export interface CustomFact {
  readonly value: string;
  readonly origin: FactOrigin;
}

export interface ConnectionContext {
  readonly tenant: string;
  readonly door: Door;
  readonly pep: Pep;
  readonly authenticatedBy: AuthenticatedBy;
  readonly credential?: PresentedCredential;
  /** The OCSP response that came with the certificate, DER, not yet read. */
  readonly stapledOcsp?: Uint8Array;
  /** Id of the gateway that vouches, where one is named; proved or not is for `decision/facts`. */
  readonly gateway?: string;
  readonly claims: Readonly<Partial<Record<ClaimName, string>>>;
  /** Nonce that the PEP gave the device to attest with, hexadecimal. */
  readonly challenge?: string;
  /** Canonical text of the IPv4 or IPv6 address that the connection comes from. */
  readonly sourceIp?: string;
  readonly destination?: string;
  readonly protocol?: string;
  readonly sni?: string;
  /** Normalised once: method upper-case, host lower-case without port, path percent-decoded once with dot segments removed. */
  readonly http?: { readonly method: string; readonly host: string; readonly path: string };
  /** From headers, metadata and labels that the configuration maps; inventory columns are added by `decision/facts`. */
  readonly custom: Readonly<Record<string, CustomFact>>;
  readonly connectionId?: string;
  readonly requestId?: string;
  readonly traceparent?: string;
  /** As the door made it; no fact of the decision, and shown to the policy alone. */
  readonly document?: RequestDocument;
}

/** The builder's answer: a context, or why there is none (a deny with `system.input_invalid`, never a throw). */
export type ContextResult =
  | { readonly ok: true; readonly context: ConnectionContext }
  | {
      readonly ok: false;
      readonly pep: Pep;
      readonly door: Door;
      readonly field: string;
      readonly problem: string;
      /** Why it is denied where that is not malformed input: the state that would say who asks cannot be believed. */
      readonly code?: 'system.dependency_stale';
      readonly traceparent?: string;
      readonly connectionId?: string;
      readonly requestId?: string;
    };
