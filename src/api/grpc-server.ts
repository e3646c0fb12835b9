import { Server } from '@grpc/grpc-js';
import type { ServiceDefinition, UntypedHandleCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import type { Config, ListenerConfig } from '../config/types.ts';
import { limits } from '../context/limits.ts';
import type { DecisionPoint } from '../decision/types.ts';
import { systemClock, type Clock } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { createAdmission } from './admission.ts';
import type { Admission } from './admission.ts';
import { decideBatchService } from './decision-service/batch.ts';
import { decisionServiceDoor } from './decision-service/service.ts';
import { answerDirectly } from './direct-call.ts';
import type { UnaryHandler } from './direct-call.ts';
import { extAuthzDoor } from './ext-authz/service.ts';
import { addHealth } from './health.ts';
import { limitHttp2 } from './http2-limits.ts';
import { loadProtos, serviceNames } from './load-protos.ts';
import { pepOfCalls } from './pep-of-call.ts';
import type { PepResolver } from './pep.ts';
import { unaryService } from './unary-door.ts';
import type { UnaryService } from './unary-door.ts';

export interface GrpcServerOptions {
  readonly point: DecisionPoint;
  /** Read at every call, so that a reloaded configuration may stand behind it. */
  readonly config: Config;
  /** The listener that the server is for: it says who may ask. */
  readonly listener: ListenerConfig;
  /** Asked at every call. */
  readonly peps: PepResolver;
  /** By which certificates of PEPs are judged. */
  readonly clock: Clock;
  /** When calls are begun; without it, the server has an order of its own. */
  readonly admission?: Admission;
  /** Whether policy, trust anchors and store are loaded: what health says. Decisions are made either way. */
  ready(): boolean;
}

/**
 * A gRPC server with every service: ext_authz, the native door, health and reflection. Binding it, or handing it
 * connections, is the caller's.
 */
export function createGrpcServer(options: GrpcServerOptions): Server {
  const { point, config, clock, listener, peps } = options;
  const { keepalive } = config.server.connections;
  const door = {
    point,
    machineClock: systemClock,
    budgetMs: () => config.server.budget,
    pepOf: pepOfCalls(listener, peps, clock),
    admission: options.admission ?? createAdmission(systemClock),
  };
  const services = [
    unaryService(extAuthzDoor(config), door),
    unaryService(decisionServiceDoor(config), door),
    decideBatchService(config, door),
  ];
  const server = new Server({
    'grpc.max_receive_message_length': limits.transportBytes,
    'grpc.max_concurrent_streams': config.server.max_concurrent_streams,
    // A PEP that vanished without a word is noticed, and so is one that never ends the headers that it has begun.
    'grpc.keepalive_time_ms': keepalive,
    'grpc.keepalive_timeout_ms': keepalive / 2,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.enable_channelz': 0,
    interceptors: [answerDirectly(handlersByPath(services))],
  });
  limitHttp2(server, config.server.connections);
  for (const { definition } of services) server.addService(definition, answeredDirectly(definition));
  addHealth(server, () => options.ready());
  new ReflectionService(loadProtos(), { services: Object.values(serviceNames) }).addToServer(server);
  return server;
}

function handlersByPath(services: readonly UnaryService[]): ReadonlyMap<string, UnaryHandler> {
  const methods = services.flatMap(({ definition, handlers }) =>
    Object.entries(handlers).map(([name, handler]) => [definition[name]?.path ?? '', handler] as const),
  );
  return new Map(methods);
}

/** The library wants a handler of its own for each method; it never gets a call. */
function answeredDirectly(definition: ServiceDefinition): UntypedServiceImplementation {
  const never: UntypedHandleCall = () => {
    throw new PortreeveError('PDP_INTERNAL', 'a call was not answered directly');
  };
  return Object.fromEntries(Object.keys(definition).map((name) => [name, never]));
}
