import { TLSSocket } from 'node:tls';

/**
 * The two things about a call that grpc-js has but does not offer. Everything here is optional: where a version of
 * grpc-js is shaped otherwise, callers fall back to what it does offer, and a test says so.
 */
interface Internals {
  readonly call?: {
    readonly stream?: { readonly session?: object & { readonly socket?: unknown } };
    readonly deadlineTimer?: NodeJS.Timeout | null;
  };
}

/** The HTTP/2 session that a call came on, as an identity to remember things by; undefined where unknown. */
export function sessionOf(call: object): object | undefined {
  return (call as Internals).call?.stream?.session;
}

/** The certificates that the peer showed, DER, leaf first; undefined where the socket cannot be reached. */
export function peerChainOf(call: object): readonly Uint8Array[] | undefined {
  const socket = (call as Internals).call?.stream?.session?.socket;
  if (!(socket instanceof TLSSocket)) return undefined;
  if (!socket.authorized) return [];
  const chain: Uint8Array[] = [];
  let certificate = socket.getPeerCertificate(true);
  // A self-issued certificate is its own issuer; the bound is for chains that Node links in a circle.
  while (certificate?.raw !== undefined && chain.length < 10) {
    chain.push(certificate.raw);
    if (certificate.issuerCertificate === certificate) break;
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

/**
 * Stops grpc-js from answering DEADLINE_EXCEEDED by itself: a gRPC error is what a PEP may be configured to let
 * through, and a timeout beyond its 32-bit timer (`99999999H`) fires at once. The decision has the deadline.
 */
export function disarmDeadline(call: object): void {
  const timer = (call as Internals).call?.deadlineTimer;
  if (timer) clearTimeout(timer);
}
