import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js';
import type { ListenerConfig } from '../config/types.ts';
import type { Clock } from '../lib/clock.ts';
import { peerChainOf, sessionOf } from './call-internals.ts';
import { listenerKind } from './pep.ts';
import type { PepResolver, ResolvedPep } from './pep.ts';

/** What of a gRPC call says who asks. */
export interface AuthenticatedCall {
  getAuthContext(): AuthContext;
}

/**
 * Makes the function that says which PEP a call on one listener comes from. A peer's chain is read from the socket
 * once for each TLS session (reading it costs more than deciding); its validity is judged anew at every call.
 */
export function pepOfCalls(
  listener: ListenerConfig,
  resolver: PepResolver,
  clock: Clock,
): (call: AuthenticatedCall) => ResolvedPep {
  const kind = listenerKind(listener);
  if (kind !== 'tls') {
    return () => resolver.byName(listener.pep, kind);
  }
  const chains = new WeakMap<object, readonly Uint8Array[]>();
  return (call) => {
    const session = sessionOf(call);
    let chain = session && chains.get(session);
    if (chain === undefined) {
      chain = peerChainOf(call) ?? leafOf(call);
      if (session) chains.set(session, chain);
    }
    return resolver.byCertificate(chain, clock.now());
  };
}

function leafOf(call: AuthenticatedCall): readonly Uint8Array[] {
  const leaf = call.getAuthContext().sslPeerCertificate?.raw;
  return leaf === undefined ? [] : [leaf];
}
