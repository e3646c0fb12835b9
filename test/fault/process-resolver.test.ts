// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createDecisionClient } from '../../src/api/decision-service/client.ts';
import { lackOfHangingResolver, makeHangingResolver } from '../helpers/hanging-resolver.ts';
import { startPortreeve } from '../helpers/processes.ts';
import { forServer, until } from '../helpers/server.ts';
import { needing } from '../helpers/skip.ts';
import { makeWorld } from '../helpers/world.ts';

const resolver = makeHangingResolver();
test.after.always(() => resolver.close());

const withHangingResolver = needing(lackOfHangingResolver(), { evenInCi: true });

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
    resolver.hang();
    const server = startPortreeve(['serve', '--config', world.configFile], {
      ...resolver.env,
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
