import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { stretched, stretchedBudget } from '../helpers/behind-envoy.ts';
import { makeLiveFleet, type LiveFleet } from '../helpers/live-fleet.ts';
import { request, startEnvoy } from '../helpers/live-envoy.ts';
import { findEnvoy, until } from '../helpers/processes.ts';
import { needing } from '../helpers/skip.ts';

/** An upstream that tells which headers reached it. */
async function startUpstream(
  t: ExecutionContext,
): Promise<{ readonly port: number; readonly requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((incoming, answer) => {
    requests.push(incoming);
    answer.end('from the service');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => server.close());
  return { port: (server.address() as AddressInfo).port, requests };
}

function recordedDecisions(fleet: LiveFleet): readonly Record<string, unknown>[] {
  return readFileSync(join(fleet.folder, 'records.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Spares have no entitlements, and are let pass whatever is wrong with them. */
function withSpares(configuration: string): string {
  const until = new Date(Date.now() + 86_400_000).toISOString();
  const spare = 'spare: { binding: issuer, issuers: [meters], anchors: [fleet] }';
  return `${configuration.replace('classes:\n', `classes:\n  ${spare}\n`)}enforcement: { observe: [{ class: spare, until: "${until}" }] }\n`;
}

const envoy = findEnvoy();
const withEnvoy = needing(envoy.lack, { serial: true });

withEnvoy(
  'through a real Envoy: allowed, revoked and denied, resumed and denied, killed and closed, back and allowed',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1', 'meter-2', 'meter-3'], {
      change: (text) => stretchedBudget(withSpares(text)),
    });
    const spares = join(fleet.folder, 'spares.ndjson');
    const row = { status: 'active', class: 'spare' };
    writeFileSync(
      spares,
      [
        { ...row, device_id: 'spare-1' },
        { ...row, device_id: 'spare-2', status: 'disabled' },
      ]
        .map((device) => `${JSON.stringify(device)}\n`)
        .join(''),
    );
    t.is(fleet.cli(['device', 'import', spares, '--why', 'spares']).code, 0);
    const upstream = await startUpstream(t);
    const server = await fleet.serve();
    const proxy = await startEnvoy(t, envoy.path, 'http.yaml', fleet, upstream.port, stretched);
    const meter = await fleet.device('meter-1');

    // A device is let in; what it forged never reaches the service, and what we say does.
    const forged = {
      'x-portreeve-device': 'admin',
      'x-portreeve-valid-until': 'for ever',
      'x-portreeve-entitlements': 'everything',
    };
    const allowed = await until('the device is let in', async () => {
      const answer = await request(proxy.port, meter, forged);
      return answer.status === 200 ? answer : undefined;
    });
    t.is(allowed.body.includes('from the service'), true);
    const reached = upstream.requests.at(-1) as IncomingMessage;
    t.is(reached.headers['x-portreeve-device'], 'meter-1');
    t.is(reached.headers['x-portreeve-assurance'], 'device_proved');
    t.is(reached.headers['x-portreeve-entitlements'], 'telemetry');
    t.regex(String(reached.headers['x-portreeve-valid-until']), /^2\d{3}-/);
    const decisionId = String(reached.headers['x-portreeve-decision']);

    // The decision in Envoy's access log is the one in our record.
    await until('Envoy has logged it', () =>
      proxy.accessLog().some((line) => line.decision_id === decisionId),
    );
    const record = await until('it is recorded', () =>
      recordedDecisions(fleet).find((one) => one.decision_id === decisionId),
    );
    t.is(record.outcome, 'allow');
    t.is(record.device_id, 'meter-1');

    // What we have nothing to say under is removed, whoever forged it, also where a denial is only observed.
    const spare = await request(proxy.port, await fleet.device('spare-1'), forged);
    t.is(spare.status, 200);
    const without = (upstream.requests.at(-1) as IncomingMessage).headers;
    t.is(without['x-portreeve-device'], 'spare-1');
    t.is(without['x-portreeve-entitlements'], undefined);
    const observed = await request(proxy.port, await fleet.device('spare-2'), forged);
    t.is(observed.status, 200);
    const unearned = (upstream.requests.at(-1) as IncomingMessage).headers;
    t.is(unearned['x-portreeve-device'], 'spare-2');
    t.is(unearned['x-portreeve-entitlements'], undefined);
    t.is(unearned['x-portreeve-valid-until'], undefined);
    const letPass = await until('the observed denial is recorded', () =>
      recordedDecisions(fleet).find((one) => one.decision_id === unearned['x-portreeve-decision']),
    );
    t.like(letPass, { outcome: 'deny', enforced: false, device_id: 'spare-2' });

    // No certificate: 401, with the coarse class only.
    const nobody = await request(proxy.port, undefined);
    t.is(nobody.status, 401);
    t.deepEqual(
      Object.keys(
        JSON.parse(nobody.body.slice(nobody.body.indexOf('{'), nobody.body.lastIndexOf('}') + 1)) as object,
      ).sort(),
      ['class', 'decision_id'],
    );

    // Revoked between two connections: the first one after the import's return is denied, and a resumed session too.
    const second = await fleet.device('meter-2');
    const before = await request(proxy.port, second);
    t.is(before.status, 200);
    t.truthy(before.session);
    const imported = fleet.cli(['crl', 'import', await fleet.crl([second.serial]), '--why', 'stolen']);
    t.is(imported.code, 0, imported.stderr);
    const returned = performance.now();
    const after = await request(proxy.port, second);
    t.is(after.status, 403);
    t.log(
      `denied ${(performance.now() - returned).toFixed(0)} ms after crl import returned, handshake included`,
    );
    const resumed = await request(proxy.port, second, {}, before.session);
    t.true(resumed.resumed, 'the TLS session was resumed');
    t.is(resumed.status, 403);
    const denied = await until('the denial is in the access log', () =>
      proxy.accessLog().find((line) => line.reason === 'revocation.revoked'),
    );
    t.is(denied.details, 'ext_authz_denied');
    t.is(denied.device_id, 'meter-2');

    // Killed: closed. Back: open again.
    const pid = server.child.pid as number;
    process.kill(pid, 'SIGKILL');
    await until('connections fail closed', async () => (await request(proxy.port, meter)).status === 403);
    t.is((await request(proxy.port, meter)).status, 403);
    await until('the log tells an error from a denial', () =>
      proxy.accessLog().some((line) => line.details === 'ext_authz_error'),
    );
    await fleet.serve();
    await until('connections pass again', async () => (await request(proxy.port, meter)).status === 200);
    t.is((await request(proxy.port, second)).status, 403, 'a restart does not forget the revocation');
  },
);
