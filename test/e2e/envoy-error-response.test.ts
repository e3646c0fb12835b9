import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import { loadProtos, serviceNames } from '../../src/api/load-protos.ts';
import { makeLiveFleet } from '../helpers/live-fleet.ts';
import { request, startEnvoy } from '../helpers/live-envoy.ts';
import { findEnvoy, until } from '../helpers/processes.ts';
import { needing } from '../helpers/skip.ts';

/** A service that gives one answer to every Check, written by our protos. */
async function answering(t: ExecutionContext, port: number, answer: object): Promise<void> {
  const server = new Server();
  server.addService(loadProtos()[serviceNames.extAuthz] as unknown as ServiceDefinition, {
    Check: (_call: unknown, done: (error: null, answer: object) => void) => done(null, answer),
  });
  t.teardown(() => server.forceShutdown());
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
}

const envoy = findEnvoy();
const withEnvoy = needing(envoy.lack, { serial: true });

// No published set of the protos knows the field, so Envoy itself has to say that its number and type are right.
withEnvoy(
  'a real Envoy takes error_response for an error, and answers with its status and body',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1']);
    const service = createServer((_incoming, answer) => answer.end('from the service'));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', () => resolve()));
    t.teardown(() => service.close());
    for (const port of fleet.grpcPorts) {
      await answering(t, port, {
        status: { code: 13 },
        error_response: { status: { code: 'ServiceUnavailable' }, body: 'no decision' },
      });
    }
    // There is no health to ask of this service.
    const proxy = await startEnvoy(
      t,
      envoy.path,
      'http.yaml',
      fleet,
      (service.address() as AddressInfo).port,
      (text) => text.replace(/ {6}health_checks:\n(?: {8}.*\n)+/, ''),
    );
    const seen = await request(proxy.port, await fleet.device('meter-1'));
    t.is(seen.status, 503, seen.text);
    t.true(seen.body.includes('no decision'), seen.body);
    const line = await until('Envoy has logged it', () =>
      proxy.accessLog().find(({ status }) => status === 503),
    );
    t.is(line.details, 'ext_authz_error');
  },
);
