import type { AuthenticatedBy, Pep, RawConnection } from '../../context/types.ts';
import type { DecideRequest } from './wire.ts';

const authenticatedBy: ReadonlyMap<string | number | undefined, AuthenticatedBy> = new Map([
  ['AUTHENTICATED_BY_DEVICE_TLS', 'device_tls'],
  ['AUTHENTICATED_BY_GATEWAY_ASSERTED', 'gateway_asserted'],
  ['AUTHENTICATED_BY_NONE', 'none'],
]);

/** What a DecideRequest says, still untrusted. UNSPECIFIED and values unknown to this version stay unsaid. */
export function decodeDecide(
  request: DecideRequest,
  pep: Pep,
  traceparent: string | undefined,
): RawConnection {
  const by = authenticatedBy.get(request.authenticated_by);
  const { peer_chain: chain = [], claims, labels } = request;
  return {
    door: 'native',
    pep,
    ...(chain.length > 0 && { certificate: { form: 'der', chain } }),
    ...(by && { authenticatedBy: by }),
    ...(request.gateway !== undefined && { gateway: request.gateway }),
    ...(claims && { claims }),
    ...(labels && { labels: new Map(Object.entries(labels)) }),
    ...(request.source_ip !== undefined && { sourceIp: request.source_ip }),
    ...(request.destination !== undefined && { destination: request.destination }),
    ...(request.protocol !== undefined && { protocol: request.protocol }),
    ...(request.sni !== undefined && { sni: request.sni }),
    ...(request.connection_id !== undefined && { connectionId: request.connection_id }),
    ...(request.stapled_ocsp !== undefined && { stapledOcsp: request.stapled_ocsp }),
    ...(request.attestation_challenge !== undefined && { challenge: request.attestation_challenge }),
    ...(traceparent !== undefined && { traceparent }),
  };
}
