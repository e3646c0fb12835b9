import type { Server, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { serviceNames } from './load-protos.ts';

/** How often streams of `Watch` look whether readiness has changed (ms). */
const watchMs = 250;

/**
 * Adds `grpc.health.v1` for the server as a whole (`''`) and for each door: SERVING only while `ready()`. Checked when
 * asked, so that no answer is older than the question.
 */
export function addHealth(server: Server, ready: () => boolean): void {
  const names = ['', ...Object.values(serviceNames)];
  let serving = ready();
  const health = new HealthImplementation(
    Object.fromEntries(names.map((name) => [name, serving ? 'SERVING' : 'NOT_SERVING'])),
  );
  const refresh = (): void => {
    if (ready() === serving) return;
    serving = !serving;
    for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  };
  const added = server.addService.bind(server);
  // The library offers no way to look before it answers, hence the step in between.
  const between = {
    addService: (definition: ServiceDefinition, implementation: UntypedServiceImplementation) =>
      added(definition, refreshed(implementation, refresh)),
  };
  health.addToServer(between);
}

type Unary = (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => void;
type Streaming = (call: ServerWritableStream<unknown, unknown>) => void;

function refreshed(
  implementation: UntypedServiceImplementation,
  refresh: () => void,
): UntypedServiceImplementation {
  const { check, list, watch } = implementation as { check: Unary; list: Unary; watch: Streaming };
  const first =
    (handle: Unary): Unary =>
    (call, callback) => {
      refresh();
      handle(call, callback);
    };
  const watching: Streaming = (call) => {
    refresh();
    const timer = setInterval(refresh, watchMs);
    timer.unref();
    call.on('cancelled', () => clearInterval(timer));
    watch(call);
  };
  return { check: first(check), list: first(list), watch: watching };
}
