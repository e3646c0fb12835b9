import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRoot, issueLeaf } from '../../src/ca/index.ts';
import { day, deviceId, firmware } from '../scale/fleet.ts';
import type { PressureFleet } from './pressure-fleet.ts';
import { freePort, start, untilAnswered } from './processes.ts';
import { httpRequest, judgeHttp, type StormOptions } from '../../test/helpers/storm.ts';

const root = join(import.meta.dirname, '../..');

export type EnvoyTarget = Pick<StormOptions, 'address' | 'connections' | 'judge'> & { stop(): Promise<void> };

/**
 * Starts the real Envoy on `examples/envoy/http.yaml` before the fleet's server: it answers the devices' requests itself
 * where they are allowed, and its only endpoint is that server. One connection of a device for each of `connections`; its
 * time-outs are `stretch` times as long.
 */
export async function startEnvoyBefore(
  fleet: PressureFleet,
  connections: number,
  now: number,
  stretch: number,
): Promise<EnvoyTarget> {
  const found = spawnSync('sh', ['scripts/envoy.sh'], { cwd: root });
  if (found.status !== 0) throw new Error(`no Envoy: ${found.stderr.toString()}`);
  const life = { notBefore: now - day, notAfter: now + day };
  const tlsRoot = await createRoot({ subject: 'CN=Server Root', ...life });
  const leaf = await issueLeaf(tlsRoot, {
    ...{ subject: 'CN=localhost', san: { dns: ['localhost'] }, eku: ['serverAuth'], ...life },
  });
  const write = (name: string, text: string): void => writeFileSync(join(fleet.folder, name), text);
  write('server.pem', leaf.pem);
  write('server.key', leaf.privateKeyPem);
  write('device-root.pem', fleet.pki.root.pem);
  const port = await freePort();
  write('envoy.yaml', configuration(fleet, port, stretch));
  const running = start(
    [
      ...[found.stdout.toString().trim(), '-c', join(fleet.folder, 'envoy.yaml'), '--use-dynamic-base-id'],
      ...['--log-level', 'warning', '--concurrency', '1'],
    ],
    { log: join(fleet.folder, 'envoy.log'), core: 'load' },
  );
  const issuer = fleet.pki.issuers[0];
  if (!issuer) throw new Error('the fleet has no issuer');
  const requests = [httpRequest('ingest.example', { 'x-firmware-hash': firmware })];
  const made: EnvoyTarget['connections'][number][] = [];
  for (let index = 0; index < connections; index += 1) {
    const device = await issueLeaf(issuer, { subject: `CN=${deviceId(index)}`, ...life });
    const tls = { cert: device.pem, key: device.privateKeyPem, rejectUnauthorized: false };
    made.push({ tls: { ...tls, servername: 'localhost' }, requests });
  }
  await untilAnswered(running, async () => {
    const { storm } = await import('../../test/helpers/storm.ts');
    const one = { address: `127.0.0.1:${port}`, connections: made.slice(0, 1), judge: judgeHttp };
    const { fates } = await storm({ ...one, perSecond: 10, seconds: 0.3, timeoutMs: 2000, mostPending: 10 });
    if (fates.allowed === 0) throw new Error(`Envoy answers ${JSON.stringify(fates)}`);
  });
  return {
    address: `127.0.0.1:${port}`,
    connections: made,
    judge: judgeHttp,
    stop: () => running.stop(),
  };
}

function configuration(fleet: PressureFleet, port: number, stretch: number): string {
  return (
    readFileSync(join(root, 'examples/envoy/http.yaml'), 'utf8')
      .replaceAll('/etc/envoy/tls/', `${fleet.folder}/`)
      .replace('port_value: 8443', `port_value: ${port}`)
      .replace('route: { cluster: service }', 'direct_response: { status: 200 }')
      .replace(/port_value: 919\d/g, `port_value: ${fleet.ports[0]}`)
      .replace(/ +access_log:\n(.*\n)*?(?= +route_config:)/, '')
      // Meant for two workers, and here is one.
      .replace(/max_pending_requests: 256, max_requests: 256/, 'max_pending_requests: 128, max_requests: 128')
      // What Envoy has no answer for is not to look like a denial of ours.
      .replace(
        'failure_mode_allow: false\n',
        'failure_mode_allow: false\n                      status_on_error: { code: ServiceUnavailable }\n',
      )
      // How long a call and each of its tries may take.
      .replace('timeout: 0.2s\n', `timeout: ${(0.2 * stretch).toFixed(3)}s\n`)
      .replace('max_interval: 0.1s', `max_interval: ${(0.1 * stretch).toFixed(3)}s`)
  );
}
