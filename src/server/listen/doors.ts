import type { Server as GrpcServer } from '@grpc/grpc-js';
import type { Admission } from '../../api/admission.ts';
import { createGrpcServer } from '../../api/grpc-server.ts';
import type { PepResolver } from '../../api/pep.ts';
import type { Config, ListenerConfig } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import type { LiveComposition } from '../worker/live-composition.ts';
import { viewOf } from '../view.ts';

/**
 * The gRPC server of one listener, over whichever composition is in force: claims, PEPs and statuses of a reloaded
 * configuration count for the next call on connections that are already open.
 */
export function doorsFor(
  listener: ListenerConfig,
  live: LiveComposition,
  from: { readonly clock: Clock; readonly ready: () => boolean; readonly admission: Admission },
): GrpcServer {
  const config = (): Config => live.current().config;
  return createGrpcServer({
    point: live.point,
    config: viewOf(Object.keys(config()) as (keyof Config)[], config),
    listener,
    peps: followingPeps(() => live.current().peps),
    clock: from.clock,
    ready: from.ready,
    admission: from.admission,
  });
}

/** Whoever asks is looked for at every call, among the PEPs that are configured by then. */
function followingPeps(current: () => PepResolver): PepResolver {
  return {
    byName: (name, how) => current().byName(name, how),
    byCertificate: (chain, now) => current().byCertificate(chain, now),
  };
}
