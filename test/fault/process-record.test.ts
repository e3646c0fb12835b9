// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { readRecord } from '../../src/audit/read-record.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import type { Decision } from '../../src/decision/types.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';

const soak = Number(process.env.SOAK_FACTOR ?? 1);

async function worldWith(t: ExecutionContext, more?: (document: Document) => void): Promise<World> {
  const world = await makeWorld({ now: Date.now(), configure: forServer(more) });
  t.teardown(world.close);
  return world;
}

/** Asks about meter/1, over and over where wanted. */
async function asking(world: World, server: Server): Promise<() => Promise<Decision>> {
  const leaf = await world.leaf('meter/1');
  const client = server.client();
  return () =>
    client.decide({
      peer_chain: [leaf.der],
      authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
      source_ip: '10.20.0.7',
    });
}

/** The last record of each decision, by its id: what was answered. A line torn by a kill is none. */
function recordsIn(...files: readonly string[]): Map<string, AuditRecord> {
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(0, -1));
  return new Map(
    lines
      .filter((line) => line.includes('"kind":"decision"'))
      .map((line) => readRecord(line))
      .map((record) => [record.decision_id, record]),
  );
}

const logOf = (world: World): string => join(world.folder, 'audit/decisions.ndjson');

/** A decision that says of itself that it may be without a record. */
const isUnrecorded = ({ faults }: Decision): boolean => faults.some(({ stage }) => stage === 'record');

test('every answered decision is in the log, whenever the parent is killed', async (t) => {
  const world = await worldWith(t, (document) => (document.server.workers = 2));
  const answers: Decision[] = [];
  for (let round = 0; round < 3 * soak; round += 1) {
    const server = await startServer(t, world.configFile);
    const ask = await asking(world, server);
    const before = answers.length;
    const callers = Array.from({ length: 16 }, async () => {
      try {
        for (;;) answers.push(await ask());
      } catch {
        return;
      }
    });
    await until(() => answers.length > before + 50);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
    server.signal('SIGKILL');
    await Promise.all([...callers, server.ended]);
  }
  const records = recordsIn(logOf(world));
  const unrecorded = answers.filter(({ decision_id: id }) => !records.has(id));
  t.deepEqual(
    unrecorded.filter((decision) => !isUnrecorded(decision)),
    [],
    `of ${answers.length} answers`,
  );
});

for (const onFailure of ['deny', 'continue'] as const) {
  test(`a parent that stands still leaves last records that say what was answered (on_failure: ${onFailure})`, async (t) => {
    const world = await worldWith(t, (document) => {
      document['audit'].on_failure = onFailure;
      document.server.budget = '600ms';
    });
    const server = await startServer(t, world.configFile);
    const ask = await asking(world, server);
    const answers = [await ask()];
    server.signal('SIGSTOP');
    const callers = Array.from({ length: 4 }, async () => {
      for (let call = 0; call < 5 * soak; call += 1) answers.push(await ask());
    });
    await Promise.all(callers);
    server.signal('SIGCONT');
    t.true(answers.some(isUnrecorded));
    t.is(
      answers.filter(({ outcome }) => outcome === 'allow').length,
      onFailure === 'deny' ? 1 : answers.length,
    );
    await until(async () => !isUnrecorded(await ask()));
    const { audit } = await server.status();
    t.is(audit.lost, 0, 'what is written late is not lost');
    await server.stop();
    const records = recordsIn(logOf(world));
    for (const { decision_id: id, outcome, enforced, reasons, faults } of answers) {
      t.like(records.get(id), { outcome, enforced, reasons, faults });
    }
    const superseding = [...records.values()].filter((record) => 'supersedes' in record);
    t.is(superseding.length, answers.filter(isUnrecorded).length);
  });
}

for (const [how, leave] of [
  ['moved away', (log: string) => renameSync(log, `${log}.moved`)],
  ['removed', (log: string) => rmSync(log)],
] as const) {
  test(`a log that is ${how} under a running server is begun anew, and the operator is told`, async (t) => {
    const world = await worldWith(t);
    const server = await startServer(t, world.configFile);
    const ask = await asking(world, server);
    await ask();
    leave(logOf(world));
    const { decision_id: id } = await ask();
    t.true(recordsIn(logOf(world)).has(id));
    await until(() => server.log.some((line) => line.includes('moved away or removed')));
  });
}

test('SIGHUP opens the log anew', async (t) => {
  const world = await worldWith(t);
  const server = await startServer(t, world.configFile);
  const ask = await asking(world, server);
  const first = await ask();
  renameSync(logOf(world), `${logOf(world)}.moved`);
  server.signal('SIGHUP');
  await until(() => server.log.some((line) => line.includes('SIGHUP: in force')));
  const second = await ask();
  t.true(existsSync(logOf(world)));
  t.false(
    server.log.some((line) => line.includes('moved away or removed')),
    'nobody writes to a moved log',
  );
  const all = recordsIn(`${logOf(world)}.moved`, logOf(world));
  t.true(all.has(first.decision_id) && all.has(second.decision_id));
});

test('no answered decision is lost while the log is moved away again and again', async (t) => {
  const world = await worldWith(t);
  const server = await startServer(t, world.configFile);
  const ask = await asking(world, server);
  const log = logOf(world);
  const kept = (number: number): string => `${log}.kept${number}`;
  const answers: Decision[] = [];
  let done = false;
  const callers = Array.from({ length: 8 }, async () => {
    while (!done) answers.push(await ask());
  });
  const moves = 20 * soak;
  for (let move = 0; move < moves; move += 1) {
    await until(() => existsSync(log));
    renameSync(log, kept(move));
  }
  done = true;
  await Promise.all(callers);
  await server.stop();
  const records = recordsIn(log, ...Array.from({ length: moves }, (_, move) => kept(move)));
  const missing = answers.filter((decision) => !isUnrecorded(decision) && !records.has(decision.decision_id));
  t.deepEqual(missing, [], `of ${answers.length} answers`);
});
