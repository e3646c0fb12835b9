import type { Http2Server, ServerOptions } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import type { ConnectionsConfig } from '../config/types.ts';
import { PortreeveError } from '../lib/errors.ts';

/** What grpc-js makes its HTTP/2 servers from and keeps of them, and does not offer. */
interface Internals {
  readonly commonServerOptions?: ServerOptions;
  readonly http2Servers?: ReadonlyMap<Http2Server, unknown>;
}

/**
 * Gives the HTTP/2 servers that grpc-js makes from now on, plain or injected, the options of Node's that grpc-js has no
 * channel option for. Without them a session is closed for good after about 1,000 streams that the client has reset,
 * 33 of which are forgiven a second, and each of a PEP's own calls that time out is such a reset. Throws PDP_INTERNAL
 * where grpc-js is shaped otherwise: a limit that is not in force must not go unseen.
 */
export function limitHttp2(server: Server, limits: ConnectionsConfig): void {
  const { commonServerOptions } = server as unknown as Internals;
  if (commonServerOptions === undefined) throw shapedOtherwise('commonServerOptions');
  Object.assign(commonServerOptions, {
    streamResetBurst: limits.resets.burst,
    streamResetRate: limits.resets.rate,
    // What a PEP took back counts as open until JavaScript has run, and a burst is read in one go: calls beyond the
    // concurrent ones are refused then, and the hundredth refusal would close the session.
    maxSessionRejectedStreams: limits.resets.burst,
    // Node counts in megabytes.
    maxSessionMemory: Math.ceil(limits.memory / 1e6),
    settings: { ...commonServerOptions.settings, maxHeaderListSize: limits.header_bytes },
  } satisfies ServerOptions);
}

/** Node's HTTP/2 servers under a gRPC server: one for each port that it listens on, and for each injector. */
export function http2ServersOf(server: Server): readonly Http2Server[] {
  const { http2Servers } = server as unknown as Internals;
  if (http2Servers === undefined) throw shapedOtherwise('http2Servers');
  return [...http2Servers.keys()];
}

function shapedOtherwise(part: string): PortreeveError {
  return new PortreeveError('PDP_INTERNAL', `this version of @grpc/grpc-js has no ${part}`);
}
