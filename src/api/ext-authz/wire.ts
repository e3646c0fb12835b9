/** Messages of `envoy.service.auth.v3` as the proto loader gives and takes them; what is absent is undefined. */

export interface WireValue {
  readonly nullValue?: unknown;
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: WireStruct;
  readonly listValue?: { readonly values?: readonly WireValue[] };
}

export interface WireStruct {
  readonly fields?: Readonly<Record<string, WireValue>>;
}

export interface WireAddress {
  readonly socket_address?: {
    readonly address?: string;
    readonly port_value?: number;
    readonly named_port?: string;
  };
  readonly pipe?: { readonly path?: string };
  readonly envoy_internal_address?: { readonly server_listener_name?: string };
}

export interface WirePeer {
  readonly address?: WireAddress;
  readonly labels?: Readonly<Record<string, string>>;
  readonly principal?: string;
  readonly certificate?: string;
}

export interface WireHeader {
  readonly key?: string;
  readonly value?: string;
  readonly raw_value?: Uint8Array;
}

export interface CheckRequest {
  readonly attributes?: {
    readonly source?: WirePeer;
    readonly destination?: WirePeer;
    readonly request?: {
      readonly http?: {
        readonly id?: string;
        readonly method?: string;
        readonly headers?: Readonly<Record<string, string>>;
        readonly header_map?: { readonly headers?: readonly WireHeader[] };
        readonly path?: string;
        readonly host?: string;
        readonly protocol?: string;
        readonly body?: string;
        readonly raw_body?: Uint8Array;
      };
    };
    readonly context_extensions?: Readonly<Record<string, string>>;
    readonly metadata_context?: { readonly filter_metadata?: Readonly<Record<string, WireStruct>> };
    readonly tls_session?: { readonly sni?: string };
  };
}

export interface HeaderOption {
  readonly header: { readonly key: string; readonly value: string };
  readonly append?: { readonly value: boolean };
  readonly append_action?: 'OVERWRITE_IF_EXISTS_OR_ADD';
}

export interface CheckResponse {
  readonly status: { readonly code: number; readonly message?: string };
  readonly ok_response?: {
    readonly headers: readonly HeaderOption[];
    readonly headers_to_remove: readonly string[];
    readonly response_headers_to_add?: readonly HeaderOption[];
    readonly query_parameters_to_set?: readonly { readonly key: string; readonly value: string }[];
    readonly query_parameters_to_remove?: readonly string[];
  };
  readonly denied_response?: {
    readonly status: { readonly code: number };
    readonly headers: readonly HeaderOption[];
    readonly body: string;
  };
  readonly dynamic_metadata?: WireStruct;
}
