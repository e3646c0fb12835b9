// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createDecisionClient } from '../../src/api/decision-service/client.ts';
import { startPortreeve } from '../helpers/processes.ts';
import { forServer, until } from '../helpers/server.ts';
import { needing } from '../helpers/skip.ts';
import { makeWorld } from '../helpers/world.ts';

/**
 * An environment in which look-ups of names without dots never come back: glibc reads aliases of hosts from a file that is
 * a pipe which nobody writes into.
 */
const folder = mkdtempSync(join(tmpdir(), 'portreeve-resolver-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));
const hanging = { HOSTALIASES: join(folder, 'pipe') };

/** What lacks for that, if anything: another C library, or one that asks somebody else first. */
function lack(): string | undefined {
  try {
    execFileSync('mkfifo', [hanging.HOSTALIASES], { stdio: 'ignore' });
  } catch {
    return 'needs mkfifo';
  }
  const look = "require('node:dns').lookup('portreeve-nowhere', () => process.exit(0))";
  const { signal } = spawnSync(process.execPath, ['-e', look], {
    env: { ...process.env, ...hanging },
    timeout: 2000,
    killSignal: 'SIGKILL',
  });
  return signal === 'SIGKILL' ? undefined : 'needs a C library whose resolver reads HOSTALIASES first';
}

const withHangingResolver = needing(lack(), { evenInCi: true });

withHangingResolver(
  'a resolver that hangs holds up no end, and leaves no doubt about decisions in the log',
  async (t) => {
    t.timeout(100_000, 'it waits for the look-up');
    const world = await makeWorld({
      now: Date.now(),
      configure: forServer((document) => {
        document.server.workers = 2;
        // Far longer than an end takes: workers that it would have to kill at last are found out.
        document.server.drain = '60s';
        document['revocation'] = {
          sources: [1, 2, 3].map((n) => ({
            name: `crl-${n}`,
            url: `http://crl-${n}/list.crl`,
            interval: '1m',
          })),
        };
      }),
    });
    t.teardown(world.close);
    const server = startPortreeve(['serve', '--config', world.configFile], {
      ...hanging,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    });
    t.teardown(() => server.child.kill('SIGKILL'));
    await until(() => server.output().includes('ready\n'));
    const address = /local listens on (\S+)/.exec(server.output())?.[1] ?? '';
    const leaf = await world.leaf('meter/1');
    // Each connection is with some worker: all of them have spans to send.
    for (let call = 0; call < 8; call += 1) {
      const client = createDecisionClient(address, { timeoutMs: 5000 });
      const peer = { peer_chain: [leaf.der], source_ip: '10.20.0.7' };
      await client.decide({ ...peer, authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS' });
      client.close();
    }
    const told = performance.now();
    t.is(await server.stop(), 0);
    const took = performance.now() - told;
    t.true(took < 30_000, `${took} ms`);
    const ends = readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"act":"worker_ended"'))
      .map((line) => JSON.parse(line) as { why: string; detail: { may_have_been_deciding: boolean } });
    t.deepEqual(
      ends.map(({ why, detail }) => [why, detail.may_have_been_deciding]),
      [
        ['drained', false],
        ['drained', false],
      ],
    );
  },
);
