import test from 'ava';
import fc from 'fast-check';
import { Metadata } from '@grpc/grpc-js';
import { readDecision } from '../../src/api/decision-service/read-decision.ts';
import type {
  DecideBatchResponse,
  DecideRequest,
  DecideResponse,
} from '../../src/api/decision-service/wire.ts';
import { messageCodec, serviceNames } from '../../src/api/load-protos.ts';
import type { Decision } from '../../src/decision/types.ts';
import { batchBytes } from '../helpers/batch-bytes.ts';
import { instant } from '../helpers/case-certificates.ts';
import { decideRequest, doorsOf } from '../helpers/case-doors.ts';
import { fleet, readCases } from '../helpers/case-files.ts';
import { closeWorlds, worldOf } from '../helpers/case-world.ts';

const numRuns = 25 * Number(process.env.SOAK_FACTOR ?? 1);

const request = messageCodec<DecideRequest>('portreeve.v1.DecideRequest');
const one = messageCodec<DecideResponse>('portreeve.v1.DecideResponse');
const many = messageCodec<DecideBatchResponse>('portreeve.v1.DecideBatchResponse');

test.after.always(closeWorlds);

/** A Decision but for its id and for times that no two have alike. */
function lasting({ decision_id: _id, faults, ...decision }: Decision): object {
  return { ...decision, faults: faults.map(({ code, stage }) => ({ code, stage })) };
}

test('a batch is answered as its connections are one by one, whatever they are and whoever is beside them', async (t) => {
  // A busy machine takes its time.
  const world = await worldOf({ state: { configuration: { server: { budget: '10s' } } } });
  world.setTime(instant(fleet.time));
  const client = await world.client('envoy');
  const send = (method: string, bytes: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const asIs = (value: Buffer): Buffer => value;
      const path = `/${serviceNames.decision}/${method}`;
      client.makeUnaryRequest(path, asIs, asIs, bytes, new Metadata(), (error, answer) =>
        error || !answer ? reject(error ?? new Error('no answer')) : resolve(answer),
      );
    });
  const cases = readCases().filter((each) => doorsOf(each).includes('native') && !each.connection.granted_ms);
  const known = await Promise.all(
    cases.slice(0, 120).map(async (each) => request.encode(await decideRequest(each))),
  );
  const whole = fc.constantFrom(...known).map((bytes) => Buffer.from(bytes));
  const damaged = fc.tuple(whole, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
    bytes[at % Math.max(1, bytes.byteLength)] = value;
    return bytes;
  });
  const item = fc.oneof(
    whole,
    damaged,
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 12 }), async (items) => {
      const { answers = [] } = many.decode(await send('DecideBatch', batchBytes(items)));
      t.is(answers.length, items.length);
      for (const [index, bytes] of items.entries()) {
        const single = readDecision(one.decode(await send('Decide', bytes)));
        const batched = readDecision(answers[index]?.decision as DecideResponse);
        t.deepEqual(lasting(batched), lasting(single), bytes.toString('hex'));
      }
    }),
    { numRuns },
  );
  const ids = world.answered.map((made) => made.decision.decision_id);
  t.is(new Set(ids).size, ids.length, 'every decision has an id of its own');
  t.is(world.recorded.length, ids.length, 'and a record');
});
