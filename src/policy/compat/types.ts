/**
 * What a policy that was written for opa-envoy-plugin said beside yes or no, checked. JSON-shaped: it stands in verdicts,
 * obligations and records. What the policy left out is left out; parts of the other outcome are not there.
 */
export interface PolicyResponse {
  /** Of a denial: what the device gets. */
  readonly body?: string;
  /** For later filters and logs of the proxy. */
  readonly dynamic_metadata?: Readonly<Record<string, MetadataValue>>;
  /** To the upstream of what passes; to the device with a denial. Names lower-case, in the policy's order. */
  readonly headers?: readonly NamedValue[];
  /** Of a denial. */
  readonly http_status?: number;
  readonly query_parameters_to_remove?: readonly string[];
  readonly query_parameters_to_set?: readonly NamedValue[];
  readonly request_headers_to_remove?: readonly string[];
  /** To the device, with the upstream's answer. */
  readonly response_headers_to_add?: readonly NamedValue[];
  /** What the rule's value was: a bare yes or no changes nothing but the outcome. */
  readonly shape: 'boolean' | 'object';
}

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** JSON; numbers as doubles, as protobuf's Struct has them. */
export type MetadataValue =
  null | boolean | number | string | readonly MetadataValue[] | { readonly [name: string]: MetadataValue };
