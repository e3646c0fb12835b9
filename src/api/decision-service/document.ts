import type { Config } from '../../config/types.ts';
import { Refusal } from '../../context/refusal.ts';
import type { RawConnection, RequestDocument } from '../../context/types.ts';
import { documentFor } from '../ext-authz/compat/door.ts';

/**
 * What a policy that was written for opa-envoy-plugin sees of a native request, which is of a connection and not of HTTP:
 * the same as of Envoy's network filter, with what both know. Undefined where the policy was written for this program.
 */
export function nativeDocument(
  { sourceIp, destination, sni, labels }: RawConnection,
  config: Pick<Config, 'policy' | 'compat'>,
): RequestDocument | undefined {
  const socket = (address: string) => ({ address: { socket_address: { address } } });
  const attributes = {
    ...(sourceIp !== undefined && { source: socket(sourceIp) }),
    ...((destination !== undefined || labels) && {
      destination: {
        ...(destination !== undefined && socket(destination)),
        ...(labels && { labels: Object.fromEntries(labels) }),
      },
    }),
    ...(sni !== undefined && { tls_session: { sni } }),
  };
  const document = documentFor({ attributes }, config);
  // Only what HTTP says can be refused.
  return document instanceof Refusal ? undefined : document;
}
