import type { Door, Pep, RawConnection } from '../../context/types.ts';
import { inOnePiece } from '../../lib/text.ts';

/** The id by which logs and upstreams know a request. */
export const requestIdHeader = 'x-request-id';

/** What counts of a CheckRequest, in one shape for all; undefined where the request does not say it. */
export interface CheckParts {
  /** Whether it speaks of an HTTP request. */
  http: boolean;
  method: string | undefined;
  host: string | undefined;
  path: string | undefined;
  httpProtocol: string | undefined;
  /** The proxy's own number for the request. */
  httpId: string | undefined;
  headers: ReadonlyMap<string, string> | undefined;
  certificate: string | undefined;
  contextExtensions: Map<string, string> | undefined;
  metadata: ReadonlyMap<string, string> | undefined;
  labels: ReadonlyMap<string, string> | undefined;
  sourceIp: string | undefined;
  destination: string | undefined;
  sni: string | undefined;
}

/** Of a request that says nothing. */
export function noParts(): CheckParts {
  return {
    http: false,
    method: undefined,
    host: undefined,
    path: undefined,
    httpProtocol: undefined,
    httpId: undefined,
    headers: undefined,
    certificate: undefined,
    contextExtensions: undefined,
    metadata: undefined,
    labels: undefined,
    sourceIp: undefined,
    destination: undefined,
    sni: undefined,
  };
}

/** The door that a CheckRequest came to: only Envoy's HTTP filter speaks of a request. */
export function doorBy(http: boolean): Extract<Door, 'ext_authz_http' | 'ext_authz_l4'> {
  return http ? 'ext_authz_http' : 'ext_authz_l4';
}

/**
 * What a CheckRequest says, still untrusted. `traceparent` is the call's own, from the proxy; one among the device's
 * headers is the device's word and not used. Labels are those of the destination, which the proxy's bootstrap sets.
 * The request's id is `x-request-id`, which logs and upstreams know; the proxy's own number stands in for it.
 */
export function assemble(parts: CheckParts, pep: Pep, traceparent: string | undefined): RawConnection {
  const { http, headers, certificate, contextExtensions, metadata, labels, sourceIp, destination, sni } =
    parts;
  const protocol = http ? parts.httpProtocol : 'tcp';
  const requestId = headers?.get(requestIdHeader) ?? parts.httpId;
  // Absent keys are not keys with undefined. Always in the same order: requests that say the same have the same shape.
  const raw: { -readonly [K in keyof RawConnection]: RawConnection[K] } = { door: doorBy(http), pep };
  if (certificate) raw.certificate = { form: 'url_pem', text: certificate };
  if (headers) raw.headers = headers;
  if (contextExtensions) raw.contextExtensions = contextExtensions;
  if (metadata) raw.metadata = metadata;
  if (labels) raw.labels = labels;
  if (sourceIp !== undefined) raw.sourceIp = sourceIp;
  if (destination !== undefined) raw.destination = destination;
  if (protocol !== undefined) raw.protocol = protocol;
  if (sni !== undefined) raw.sni = sni;
  if (http) raw.http = httpOf(parts);
  if (requestId !== undefined) raw.requestId = requestId;
  if (traceparent !== undefined) raw.traceparent = traceparent;
  return raw;
}

function httpOf({ method, host, path }: CheckParts): NonNullable<RawConnection['http']> {
  const http: { -readonly [K in keyof NonNullable<RawConnection['http']>]: string } = {};
  if (method !== undefined) http.method = method;
  if (host !== undefined) http.host = host;
  if (path !== undefined) http.path = path;
  return http;
}

/** `address:port`, IPv6 in brackets; without port the address alone. */
export function socketText(address: string, port: number | string | undefined): string {
  const [open, close] = address.includes(':') ? ['[', ']'] : ['', ''];
  return inOnePiece(open, address, close, port === undefined ? '' : `:${port}`);
}
