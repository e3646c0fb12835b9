import { Refusal } from '../../context/refusal.ts';
import type { Pep, RawConnection } from '../../context/types.ts';
import { assemble, doorBy, socketText } from './check-parts.ts';
import type { CheckParts } from './check-parts.ts';
import { flattenMetadata } from './flatten-metadata.ts';
import type { CheckRequest, WireAddress, WireHeader } from './wire.ts';

/** The door that a CheckRequest came to. */
export function doorOf(request: CheckRequest): ReturnType<typeof doorBy> {
  return doorBy(request.attributes?.request?.http !== undefined);
}

/**
 * What a CheckRequest of the library says, still untrusted (`check-parts.ts`); `readCheck` gives the same for most bytes.
 * `route_metadata_context` is not read: what routes are to say belongs into context extensions.
 */
export function decodeCheck(
  request: CheckRequest,
  pep: Pep,
  traceparent: string | undefined,
): RawConnection | Refusal {
  const attributes = request.attributes;
  if (attributes === undefined) return new Refusal('attributes', 'are missing');
  const { source, destination, tls_session: tls, context_extensions: extensions } = attributes;
  const http = attributes.request?.http;
  const headers = http && decodeHeaders(http.headers, http.header_map?.headers);
  if (headers instanceof Refusal) return headers;
  const namespaces = attributes.metadata_context?.filter_metadata;
  const metadata = namespaces && flattenMetadata(namespaces);
  if (metadata instanceof Refusal) return metadata;
  const parts: CheckParts = {
    http: http !== undefined,
    method: http?.method,
    host: http?.host,
    path: http?.path,
    httpProtocol: http?.protocol,
    httpId: http?.id,
    headers,
    certificate: source?.certificate,
    contextExtensions: extensions && new Map(Object.entries(extensions)),
    metadata,
    labels: destination?.labels && new Map(Object.entries(destination.labels)),
    sourceIp: source?.address?.socket_address?.address,
    destination: addressText(destination?.address),
    sni: tls?.sni,
  };
  return assemble(parts, pep, traceparent);
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

/** Of a socket (`socketText`), the path of a Unix socket, or the name of an internal listener. */
function addressText(address: WireAddress | undefined): string | undefined {
  const socket = address?.socket_address;
  if (socket?.address !== undefined) {
    return socketText(socket.address, socket.port_value ?? socket.named_port);
  }
  return address?.pipe?.path ?? address?.envoy_internal_address?.server_listener_name;
}
