import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { decisionLine } from '../../../src/cli/serve.ts';
import { painter } from '../../../src/cli/output.ts';
import type { DecisionSummary } from '../../../src/server/records/summary.ts';
import { makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeve } from './helpers/run.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

test('serve says where it listens, drains on SIGTERM and answers 0; doctor knows its own server', async (t) => {
  const { folder: cwd, config } = await makeInstallation();
  const server = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'serve'], {
    cwd,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => server.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => server.on('close', resolve));
  let out = '';
  let log = '';
  server.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const ready = new Promise<void>((resolve) => {
    server.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (/^portreeve: ready$/m.test(log)) resolve();
    });
  });
  await Promise.race([ready, ended]);
  const grpc = /local listens on (127\.0\.0\.1:\d+)/.exec(log)?.[1];
  const admin = /admin listens on (127\.0\.0\.1:\d+)/.exec(log)?.[1];
  t.truthy(grpc && admin, log);

  const other = config.replace('portreeve.yaml', 'same.yaml');
  const yaml = readFileSync(config, 'utf8');
  const bound = yaml.replace('127.0.0.1:0', grpc ?? '').replace('127.0.0.1:0', admin ?? '');
  writeFileSync(other, bound);
  const { checks } = onlyObject(await portreeve(['doctor', '--config', other, '--json'])) as {
    checks: { check: string; status: string; message: string }[];
  };
  const ports = checks.filter(({ check }) => check === 'ports');
  t.true(
    ports.length === 2 && ports.every(({ message }) => message.includes('served by a running portreeve')),
    JSON.stringify(ports),
  );

  server.kill('SIGTERM');
  t.is(await ended, 0);
  t.is(out, '');
});

test('a server that cannot start: 2 and the reason as one object', async (t) => {
  const { folder: cwd, path } = await makeInstallation();
  writeFileSync(path('root.pem'), 'no certificate');
  const run = await portreeve(['serve', '--json'], { cwd });
  t.is(run.code, 2);
  t.like(onlyObject(run), { error: { code: 'PDP_CONFIG_INVALID' } });
});

test('a decision is one line, whatever its device is called', (t) => {
  const summary: DecisionSummary = {
    decision_id: 'id-1',
    tenant: 'default',
    time: '2026-11-20T12:00:00.000Z',
    door: 'native',
    pep: 'envoy',
    device_id: 'evil\n\u001b[2Jname',
    assurance: 'none',
    outcome: 'deny',
    enforced: false,
    reason: 'identity.no_credential',
    message: 'No certificate was presented.',
    reasons: [],
    faults: [],
  };
  t.is(
    decisionLine(summary, painter(false)),
    '2026-11-20T12:00:00.000Z deny  evil\\u000a\\u001b[2Jname via envoy: identity.no_credential (not enforced): No certificate was presented. [id-1]\n',
  );
});
