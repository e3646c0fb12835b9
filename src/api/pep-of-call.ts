import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js';
import type { ListenerConfig } from '../config/types.ts';
import type { Clock } from '../lib/clock.ts';
import { describeThrown } from '../lib/errors.ts';
import { peerChainOf, sessionOf } from './call-internals.ts';
import { listenerKind } from './pep.ts';
import type { PepResolver, ResolvedPep } from './pep.ts';

/** What of a gRPC call says who asks. */
export interface AuthenticatedCall {
  getAuthContext(): AuthContext;
}

/**
 * Makes the function that says which PEP a call on one listener comes from. A peer's chain is read from the socket
 * once for each TLS session (reading it costs more than deciding); its validity is judged anew at every call. Never throws.
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
    try {
      const session = sessionOf(call);
      let chain = session && chains.get(session);
      if (chain === undefined) {
        chain = peerChainOf(call) ?? leafOf(call);
        if (session) chains.set(session, chain);
      }
      return resolver.byCertificate(chain, clock.now());
    } catch (thrown) {
      // A session that goes while its call is looked at: thrown from here it would be the end of the worker.
      const problem = `cannot be told: ${describeThrown(thrown)}`;
      const { pep } = resolver.byCertificate([], clock.now());
      return { known: false, pep, problem, code: 'system.dependency_stale' };
    }
  };
}

function leafOf(call: AuthenticatedCall): readonly Uint8Array[] {
  const leaf = call.getAuthContext().sslPeerCertificate?.raw;
  return leaf === undefined ? [] : [leaf];
}
