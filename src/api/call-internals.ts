import { TLSSocket } from 'node:tls';

/**
 * What grpc-js has of a call but does not offer. Everything here is optional: where a version of
 * grpc-js is shaped otherwise, callers fall back to what it does offer, and a test says so.
 */
interface Internals {
  readonly call?: {
    readonly stream?: { readonly session?: object & { readonly socket?: unknown } };
  };
}

/** A call as grpc-js hands it to its first interceptor. */
interface InterceptedCall {
  readonly deadlineTimer?: NodeJS.Timeout | null;
  sendStatus?: (status: { readonly details?: string }) => void;
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
 * Keeps grpc-js from answering a call by itself because of its `grpc-timeout`, from the moment its headers are read:
 * DEADLINE_EXCEEDED, which a timeout beyond a 32-bit timer (`99999999H`) or one that is over before the message has
 * come brings about, and INTERNAL for a malformed one. Both are gRPC errors, which a PEP may be configured to let
 * through. The decision has the deadline instead; a malformed timeout is none. `call` is what interceptors are given.
 */
export function outliveTimeout(call: object): void {
  const base = call as InterceptedCall;
  if (base.deadlineTimer) clearTimeout(base.deadlineTimer);
  const { sendStatus } = base;
  if (sendStatus === undefined) return;
  base.sendStatus = (status) => {
    if (!status.details?.startsWith('Invalid grpc-timeout ')) sendStatus.call(base, status);
  };
}
