import type { Config } from '../config/types.ts';
import type { Refusal } from '../context/refusal.ts';
import type { RawConnection, RequestDocument } from '../context/types.ts';
import { documentFor } from './ext-authz/compat/door.ts';

/**
 * What a policy that was written for opa-envoy-plugin sees of a connection that no proxy has put into a CheckRequest: what
 * Envoy would say of it. A native request is of a connection and not of HTTP, the same as of Envoy's network filter.
 * Undefined where the policy was written for this program; a Refusal where a path or query cannot be parsed.
 */
export function connectionDocument(
  raw: RawConnection,
  config: Pick<Config, 'policy' | 'compat'>,
): RequestDocument | Refusal | undefined {
  if (config.policy.compat === null) return undefined;
  const { sourceIp, destination, sni, labels, http, headers, contextExtensions, certificate } = raw;
  const socket = (address: string) => ({ address: { socket_address: { address } } });
  const source = {
    ...(sourceIp !== undefined && socket(sourceIp)),
    ...(certificate?.form === 'url_pem' && { certificate: certificate.text }),
  };
  const target = {
    ...(destination !== undefined && socket(destination)),
    ...(labels && { labels: Object.fromEntries(labels) }),
  };
  const request = {
    ...http,
    ...(raw.protocol !== undefined && { protocol: raw.protocol }),
    ...(headers && { headers: Object.fromEntries(headers) }),
  };
  const attributes = {
    ...(Object.keys(source).length > 0 && { source }),
    ...(Object.keys(target).length > 0 && { destination: target }),
    ...(http && { request: { http: request } }),
    ...(contextExtensions?.size && { context_extensions: Object.fromEntries(contextExtensions) }),
    ...(sni !== undefined && { tls_session: { sni } }),
  };
  return documentFor({ attributes }, config);
}
