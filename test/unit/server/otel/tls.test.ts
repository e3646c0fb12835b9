import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import test from 'ava';
import { exportTls } from '../../../../src/server/otel/tls.ts';
import { startTracing } from '../../../../src/server/otel/otel.ts';
import { startDecisionSpan } from '../../../../src/telemetry/tracing.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';
import { tlsPki } from '../../../helpers/tls-pki.ts';

const nobody = { version: '1', instance: 'i' };

test('a collector is spoken to with the CA, certificate and key that the standard variables name', async (t) => {
  const pki = await tlsPki(t);
  const clients: string[] = [];
  const files = { ca: pki.caPem, cert: pki.server.cert, key: pki.server.key };
  const server = createServer(
    { ...files, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      clients.push((request.socket as TLSSocket).getPeerCertificate().fingerprint256);
      request.resume().on('end', () => response.end());
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close().closeAllConnections());
  const send = async (env: Record<string, string>): Promise<void> => {
    const { port } = server.address() as AddressInfo;
    const tracing = startTracing(nobody, {
      OTEL_EXPORTER_OTLP_ENDPOINT: `https://localhost:${port}`,
      ...env,
    });
    startDecisionSpan({ door: 'native' }).end({
      ...{ decision_id: 'd', tenant: 't', outcome: 'allow', enforced: true, reasons: [], device_id: null },
      ...{ assurance: 'none', faults: [] },
      versions: {
        ...{
          program: '1',
          bundle: null,
          configuration: 'c',
          anchors: 'a',
          classes: 'k',
          catalogue: 'r',
          epochs: {},
        },
      },
    });
    await tracing.shutdown().catch(() => undefined);
  };
  await send({ OTEL_BSP_EXPORT_TIMEOUT: '300' });
  t.deepEqual(clients, [], 'a collector whose CA nobody named is not trusted');
  await send({
    OTEL_EXPORTER_OTLP_CERTIFICATE: join(temporaryFolder(t), 'a signal has a file of its own'),
    OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: pki.ca,
    OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: pki.client.certificate,
    OTEL_EXPORTER_OTLP_CLIENT_KEY: pki.client.key,
  });
  t.is(clients.length, 1);
  t.truthy(clients[0]);
});

test('a file that cannot be read is told with its variable, and the others are used', async (t) => {
  const pki = await tlsPki(t);
  const problems: string[] = [];
  const missing = join(temporaryFolder(t), 'missing.pem');
  const env = { OTEL_EXPORTER_OTLP_CERTIFICATE: pki.ca, OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY: missing };
  t.deepEqual(
    exportTls(env, 'METRICS', (problem) => problems.push(problem)),
    { ca: readFileSync(pki.ca) },
  );
  t.is(problems.length, 1);
  t.regex(problems[0] ?? '', /^OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY: .*missing\.pem/);
});
