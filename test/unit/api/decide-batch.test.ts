import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Metadata } from '@grpc/grpc-js';
import { createAdmission } from '../../../src/api/admission.ts';
import { createDecisionClient } from '../../../src/api/decision-service/client.ts';
import type {
  DecideBatchResponse,
  DecideRequest,
  DecideResponse,
} from '../../../src/api/decision-service/wire.ts';
import { messageCodec } from '../../../src/api/load-protos.ts';
import { limits } from '../../../src/context/limits.ts';
import type { ContextResult } from '../../../src/context/types.ts';
import type { CallTiming, MadeDecision } from '../../../src/decision/types.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { batchBytes } from '../../helpers/batch-bytes.ts';
import { FakePoint, config, decision, denial } from './fixtures.ts';
import { connect, openDoors } from './grpc-fixtures.ts';
import type { DoorOverrides, TestClient } from './grpc-fixtures.ts';

const method = '/portreeve.v1.DecisionService/DecideBatch';
const requests = messageCodec<DecideRequest>('portreeve.v1.DecideRequest');
const none = { authenticated_by: 'AUTHENTICATED_BY_NONE' } as const;

function connectionIdOf(built: ContextResult): string | undefined {
  return built.ok ? built.context.connectionId : built.connectionId;
}

/** Decides each connection by its id: what is refused or over its time is denied, as the real one does. */
class NamingPoint extends FakePoint {
  override async decide(built: ContextResult, timing: CallTiming): Promise<MadeDecision> {
    const id = connectionIdOf(built);
    if (systemClock.monotonic() >= timing.deadline) this.answer = denial(['system.overload_shed']);
    else this.answer = built.ok ? decision({ device_id: id ?? null }) : denial(['system.input_invalid']);
    return { ...(await super.decide(built, timing)), connection_id: id ?? null };
  }
}

async function open(t: ExecutionContext, over: DoorOverrides = {}) {
  const point = new NamingPoint();
  // A busy machine takes its time.
  const patient = { ...config(), server: { ...config().server, budget: 60_000 } };
  const { address } = await openDoors(t, { point, config: patient, ...over });
  return { point, address, client: connect(t, address) };
}

async function ask(client: TestClient, items: readonly (DecideRequest | Uint8Array)[]) {
  const bytes = items.map((one) => (one instanceof Uint8Array ? one : requests.encode(one)));
  return (await client.raw(
    method,
    batchBytes(bytes),
    'portreeve.v1.DecideBatchResponse',
  )) as DecideBatchResponse;
}

const codesOf = (one: DecideResponse | undefined) => one?.reasons?.map(({ code }) => code);
const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ...none, connection_id: `c-${index}` }));

test('answers stand in the order of the connections, each with its own id and decision', async (t) => {
  const { client, point } = await open(t);
  const { answers = [], refused } = await ask(client, numbered(256));
  t.is(refused, undefined);
  t.deepEqual(
    answers.map((one) => [one.connection_id, one.decision?.device_id]),
    numbered(256).map(({ connection_id: id }) => [id, id]),
  );
  t.is(point.asked.length, 256);
});

test('connections that cannot be read are denied by themselves', async (t) => {
  const { client, point } = await open(t);
  const { answers = [] } = await ask(client, [
    { ...none, connection_id: 'first' },
    Buffer.from('no message'),
    {},
    { ...none, connection_id: 'x'.repeat(limits.idText + 1) },
    { ...none, connection_id: 'bad', source_ip: 'nowhere' },
    Buffer.concat([requests.encode({ ...none, connection_id: 'long' }), Buffer.alloc(limits.messageBytes)]),
    { ...none, connection_id: 'last' },
  ]);
  t.deepEqual(
    answers.map((one) => [one.connection_id, one.decision?.outcome]),
    [
      ['first', 'OUTCOME_ALLOW'],
      [undefined, 'OUTCOME_DENY'],
      [undefined, 'OUTCOME_DENY'],
      [undefined, 'OUTCOME_DENY'],
      ['bad', 'OUTCOME_DENY'],
      [undefined, 'OUTCOME_DENY'],
      ['last', 'OUTCOME_ALLOW'],
    ],
  );
  const fields = point.asked.map(({ built }) => (built.ok ? '' : built.field));
  t.deepEqual(fields, ['', 'request', 'authenticated_by', 'connection_id', 'source_ip', 'request', '']);
});

test('a batch of none, of too many or that is no batch is refused by one denial, without a gRPC error', async (t) => {
  const { client, point } = await open(t);
  const batches = [[], numbered(257)].map((items) => batchBytes(items.map((one) => requests.encode(one))));
  for (const bytes of [...batches, Buffer.from('no batch')]) {
    point.asked.length = 0;
    const answer = (await client.raw(
      method,
      bytes,
      'portreeve.v1.DecideBatchResponse',
    )) as DecideBatchResponse;
    t.deepEqual(codesOf(answer.refused), ['system.input_invalid']);
    t.is(answer.refused?.outcome, 'OUTCOME_DENY');
    t.is(answer.answers, undefined);
    t.is(point.asked.length, 1, 'one record');
  }
});

test('a batch of a PEP that is not known is refused by one denial', async (t) => {
  const pep = { name: 'stranger', tenant: 'default', authenticated_by: 'tls' } as const;
  const rights = { may_assert_devices: false, may_send_xfcc: false, networks: [], trusted_hops: 0 };
  const unknown = () => ({ known: false, pep: { ...pep, ...rights }, problem: 'is not known' }) as const;
  const { client, point } = await open(t, { peps: { byName: unknown, byCertificate: unknown } });
  const { answers, refused } = await ask(client, numbered(3));
  t.is(answers, undefined);
  t.is(refused?.outcome, 'OUTCOME_DENY');
  t.like(point.last, { ok: false, field: 'pep', pep: { name: 'stranger' } });
  t.is(point.asked.length, 1);
});

test('connections share the PEP, the trace and the deadline of the call', async (t) => {
  const { client, point } = await open(t);
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const bytes = batchBytes(numbered(3).map((one) => requests.encode(one)));
  const asIs = (value: Buffer): Buffer => value;
  const metadata = new Metadata();
  metadata.set('traceparent', traceparent);
  metadata.set('x-envoy-expected-rq-timeout-ms', '30000');
  await new Promise<void>((resolve, reject) => {
    client.client.makeUnaryRequest(method, asIs, asIs, bytes, metadata, (error) =>
      error ? reject(error) : resolve(),
    );
  });
  t.is(point.asked.length, 3);
  for (const { built, timing } of point.asked) {
    t.like(built, { ok: true, context: { traceparent, pep: { name: 'edge' } } });
    t.is(timing.deadline, (point.asked[0] as (typeof point.asked)[0]).timing.deadline);
    t.is(Math.round(timing.deadline - timing.arrived), 29_990);
  }
});

test('connections that cannot be begun in time are denied, each under its own id, whatever calls that are shed are answered', async (t) => {
  const admission = createAdmission(systemClock, { room: { calls: 2, bytes: 1 << 20 } });
  /** Decisions that take so long that all others have to wait. */
  class SlowPoint extends NamingPoint {
    override decide(built: ContextResult, timing: CallTiming): Promise<MadeDecision> {
      const end = systemClock.monotonic() + (timing.deadline > 0 ? 6 : 0);
      while (systemClock.monotonic() < end);
      return super.decide(built, timing);
    }
  }
  const point = new SlowPoint();
  const usual = config();
  // Of a call that was shed that would make an error; here it would take the answers of the others with it.
  const asErrors = {
    ...usual,
    server: { ...usual.server, budget: 60_000 },
    wire: { ...usual.wire, overload: 'unavailable' as const },
  };
  const { client } = await open(t, { point, admission, config: asErrors });
  const { answers = [] } = await ask(client, numbered(8));
  t.deepEqual(
    answers.map((one) => one.connection_id),
    numbered(8).map(({ connection_id: id }) => id),
  );
  const shed = answers.filter(({ decision: made }) => codesOf(made)?.includes('system.overload_shed'));
  t.true(shed.length >= 4, `${shed.length} of 8`);
  for (const { decision: made } of shed) t.is(made?.outcome, 'OUTCOME_DENY');
  t.is(answers[0]?.decision?.outcome, 'OUTCOME_ALLOW');
});

test('other calls are served while a batch is under way', async (t) => {
  const order: string[] = [];
  class BusyPoint extends NamingPoint {
    override decide(built: ContextResult, timing: CallTiming): Promise<MadeDecision> {
      order.push(connectionIdOf(built) ?? '');
      const end = systemClock.monotonic() + 0.3;
      while (systemClock.monotonic() < end);
      return super.decide(built, timing);
    }
  }
  const { client } = await open(t, { point: new BusyPoint() });
  const batch = ask(client, numbered(256));
  while (order.length === 0) await turn();
  await client.decide({ ...none, connection_id: 'alone' });
  await batch;
  t.true(order.indexOf('alone') > 0);
  t.true(order.indexOf('alone') < 256, `served as number ${order.indexOf('alone')}`);
});

test('a decision that cannot be encoded, or is not made at all, is a denial of its own', async (t) => {
  class OddPoint extends NamingPoint {
    override async decide(built: ContextResult, timing: CallTiming): Promise<MadeDecision> {
      const made = await super.decide(built, timing);
      if (made.connection_id === 'c-0') throw new Error('never happens');
      const odd = { ...made.decision, reasons: null } as never;
      return made.connection_id === 'c-1' ? { ...made, decision: odd } : made;
    }
  }
  const { client } = await open(t, { point: new OddPoint() });
  const { answers = [] } = await ask(client, numbered(3));
  t.deepEqual(
    answers.map(({ decision: made }) => [made?.outcome, codesOf(made)?.[0]]),
    [
      ['OUTCOME_DENY', 'system.internal'],
      ['OUTCOME_DENY', 'system.internal'],
      ['OUTCOME_ALLOW', 'policy.ok'],
    ],
  );
});

test('the client reads a decision for each connection, a refused batch as a denial of all', async (t) => {
  const { address } = await open(t);
  // A busy machine may take longer than the client's own default.
  const client = createDecisionClient(address, { timeoutMs: 30_000 });
  t.teardown(() => client.close());
  const made = await client.decideBatch([...numbered(2), {}]);
  t.deepEqual(
    made.map((one) => [one.outcome, one.device_id]),
    [
      ['allow', 'c-0'],
      ['allow', 'c-1'],
      ['deny', denial([]).device_id],
    ],
  );
  const refused = await client.decideBatch(numbered(300));
  t.is(refused.length, 300);
  t.true(refused.every((one) => one.outcome === 'deny'));
});
