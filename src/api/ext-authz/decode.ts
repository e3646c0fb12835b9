import { Refusal } from '../../context/refusal.ts';
import type { Door, Pep, RawConnection } from '../../context/types.ts';
import { inOnePiece } from '../../lib/text.ts';
import { flattenMetadata } from './flatten-metadata.ts';
import type { CheckRequest, WireAddress, WireHeader } from './wire.ts';

/** The door that a CheckRequest came to: only Envoy's HTTP filter speaks of a request. */
export function doorOf(request: CheckRequest): Extract<Door, 'ext_authz_http' | 'ext_authz_l4'> {
  return request.attributes?.request?.http ? 'ext_authz_http' : 'ext_authz_l4';
}

/**
 * What a CheckRequest says, still untrusted. `traceparent` is the call's own, from the proxy; one among the device's
 * headers is the device's word and not used. Labels are those of the destination, which the proxy's bootstrap sets.
 * The request's id is `x-request-id`, which logs and
 * upstreams know; the proxy's own number stands in for it. `route_metadata_context` is not read: what routes are to say belongs into context extensions.
 */
export function decodeCheck(
  request: CheckRequest,
  pep: Pep,
  traceparent: string | undefined,
): RawConnection | Refusal {
  const attributes = request.attributes;
  if (attributes === undefined) return new Refusal('attributes', 'are missing');
  const { source, destination, tls_session: tls } = attributes;
  const http = attributes.request?.http;
  const headers = http && decodeHeaders(http.headers, http.header_map?.headers);
  if (headers instanceof Refusal) return headers;
  const namespaces = attributes.metadata_context?.filter_metadata;
  const metadata = namespaces && flattenMetadata(namespaces);
  if (metadata instanceof Refusal) return metadata;
  const extensions = attributes.context_extensions;
  return {
    door: doorOf(request),
    pep,
    ...(source?.certificate ? { certificate: { form: 'url_pem', text: source.certificate } } : {}),
    ...(headers && { headers }),
    ...(extensions && { contextExtensions: new Map(Object.entries(extensions)) }),
    ...(metadata && { metadata }),
    ...(destination?.labels && { labels: new Map(Object.entries(destination.labels)) }),
    ...present('sourceIp', source?.address?.socket_address?.address),
    ...present('destination', addressText(destination?.address)),
    ...present('protocol', http ? http.protocol : 'tcp'),
    ...present('sni', tls?.sni),
    ...(http && {
      http: {
        ...present('method', http.method),
        ...present('host', http.host),
        ...present('path', http.path),
      },
    }),
    ...present('requestId', headers?.get('x-request-id') ?? http?.id),
    ...present('traceparent', traceparent),
  };
}

/** Names lower-case. The map form cannot hold a name twice; the raw form can, and is joined as proxies join. */
function decodeHeaders(
  map: Readonly<Record<string, string>> | undefined,
  raw: readonly WireHeader[] | undefined,
): ReadonlyMap<string, string> | Refusal {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(map ?? {})) {
    const lower = name.toLowerCase();
    if (headers.has(lower)) return new Refusal('headers', 'have one name in two spellings');
    headers.set(lower, value);
  }
  for (const { key = '', value, raw_value: bytes } of raw ?? []) {
    const name = key.toLowerCase();
    // Bytes that are not UTF-8 become U+FFFD, which the context's builder refuses where the header counts.
    const text = bytes?.length ? Buffer.from(bytes).toString('utf8') : (value ?? '');
    const before = headers.get(name);
    headers.set(name, before === undefined ? text : `${before},${text}`);
  }
  return headers;
}

/** `address:port`, IPv6 in brackets, the path of a Unix socket, or the name of an internal listener. */
function addressText(address: WireAddress | undefined): string | undefined {
  const socket = address?.socket_address;
  if (socket?.address === undefined) {
    return address?.pipe?.path ?? address?.envoy_internal_address?.server_listener_name;
  }
  const port = socket.port_value ?? socket.named_port;
  const [open, close] = socket.address.includes(':') ? ['[', ']'] : ['', ''];
  return inOnePiece(open, socket.address, close, port === undefined ? '' : `:${port}`);
}

/** An object with one key, or none where the value is absent: absent keys are not keys with undefined. */
function present<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, string>);
}
