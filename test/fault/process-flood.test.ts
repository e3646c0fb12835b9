import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { HeartbeatRecord } from '../../src/audit/heartbeat.ts';
import type { MergedRecord } from '../../src/audit/merged.ts';
import { forServer, startServer } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';

const factor = Number(process.env['SOAK_FACTOR'] ?? 1);

/** Strangers of three networks, who show nothing. */
const networks = ['203.0.113', '198.51.100', '192.0.2'] as const;

interface Line {
  readonly kind: string;
  readonly decision_id?: string;
  readonly outcome?: string;
}

async function flooded(t: ExecutionContext, audit: Readonly<Record<string, unknown>> = {}) {
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document['audit'] = {
        path: 'audit/decisions.ndjson',
        strangers: { rate: 0, burst: 20, pep_rate: 0, pep_burst: 50 },
        ...audit,
      };
    }),
  });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile);
  const lines = (): readonly Line[] =>
    readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  return { server, lines, world };
}

/** Asks so many times, and counts the answers. */
async function ask(
  server: Server,
  count: number,
  { together = 250, onAnswer = (_answered: number): void => undefined } = {},
): Promise<number> {
  const client = server.client(30_000);
  let answered = 0;
  const one = async (index: number): Promise<void> => {
    try {
      const source = `${networks[index % networks.length] ?? ''}.${index % 200}`;
      const { outcome } = await client.decide({
        authenticated_by: 'AUTHENTICATED_BY_NONE',
        source_ip: source,
      });
      if (outcome === 'deny') onAnswer((answered += 1));
    } catch {
      // The worker was killed with it; it is not answered.
    }
  };
  for (let from = 0; from < count; from += together)
    await Promise.all(Array.from({ length: Math.min(together, count - from) }, (_, n) => one(from + n)));
  return answered;
}

function counted(lines: readonly Line[]) {
  const merged = lines.filter((line) => line.kind === 'merged') as unknown as readonly MergedRecord[];
  const singly = lines.filter((line) => line.kind === 'decision' && line.outcome === 'deny').length;
  const sum = merged.reduce((all, { count }) => all + count, 0);
  for (const { count, groups } of merged) {
    const reasons = groups.flatMap((group) => Object.values(group.reasons));
    if (groups.reduce((all, group) => all + group.count, 0) !== count)
      throw new Error('groups do not add up');
    if (reasons.reduce((all, one) => all + one, 0) !== count) throw new Error('reasons do not add up');
  }
  return { merged, singly, sum };
}

test('a flood of strangers is counted exactly, in few records, and every heartbeat adds up', async (t) => {
  const { server, lines, world } = await flooded(t);
  const total = Math.ceil(3000 * factor);
  t.is(await ask(server, total), total);
  await server.stop();
  const all = lines();
  const { merged, singly, sum } = counted(all);
  t.is(singly, 50, 'what all networks of an enforcement point have together');
  t.is(singly + sum, total);
  for (const group of merged.flatMap(({ groups }) => groups)) {
    t.is(group.pep, 'envoy');
    t.regex(group.network ?? '', /^(203\.0\.113|198\.51\.100|192\.0\.2)\.0\/24$/);
    t.deepEqual(Object.keys(group.reasons), ['identity.no_credential']);
    t.true(group.first <= group.last);
  }
  const beats = all.filter((line) => line.kind === 'heartbeat') as unknown as readonly HeartbeatRecord[];
  const beat = (of: (one: HeartbeatRecord) => number): number =>
    beats.reduce((sumOf, one) => sumOf + of(one), 0);
  t.is(
    beat(({ decisions }) => decisions.deny),
    total,
  );
  t.is(
    beat(({ merged: count }) => count),
    sum,
  );
  t.is(
    beat(({ records }) => records.lost),
    0,
  );
  t.is(beats.at(-1)?.next_s, 0);
  const bytes = Buffer.byteLength(
    all
      .filter(({ kind }) => kind === 'merged')
      .map((one) => JSON.stringify(one))
      .join('\n'),
  );
  t.log(`${sum} denials in ${merged.length} merged records of ${bytes} bytes together`);
  t.log(`${total} denials took ${statSync(join(world.folder, 'audit/decisions.ndjson')).size} bytes of disk`);
  t.true(bytes < sum * 10);
});

test('a worker that is killed in a flood takes no count of an answered denial with it', async (t) => {
  const { server, lines } = await flooded(t);
  const [worker] = (await server.status()).workers;
  // One after the other: what is on its way at the kill must not stand for what is lost by it.
  const answered = await ask(server, 400, {
    together: 1,
    onAnswer: (sofar) => {
      if (sofar === 300) process.kill(Number(worker?.pid), 'SIGKILL');
    },
  });
  t.true(answered < 400, 'it was killed in the middle');
  await server.stop();
  const { singly, sum } = counted(lines());
  t.true(singly + sum >= answered, `${singly} + ${sum} of ${answered}`);
});

test('a device that is identified is never merged, however often it is denied', async (t) => {
  const { server, lines, world } = await flooded(t, { strangers: { burst: 0, pep_burst: 0 } });
  const leaf = await world.leaf('meter/9');
  const client = server.client(30_000);
  for (let count = 0; count < 20; count += 1)
    await client.decide({ peer_chain: [leaf.der], authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS' });
  await server.stop();
  const { singly, sum } = counted(lines());
  t.deepEqual([singly, sum], [20, 0]);
});
