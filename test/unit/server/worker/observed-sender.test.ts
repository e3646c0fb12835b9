import test from 'ava';
import type { Decision, Facts, MadeDecision } from '../../../../src/decision/types.ts';
import { createSharedBoard } from '../../../../src/inventory/observed/board.ts';
import type { ToParent } from '../../../../src/server/worker/channel.ts';
import { createObservedSender } from '../../../../src/server/worker/observed-sender.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';
import { someCredential, someFacts } from '../../../helpers/facts.ts';

type Sent = Extract<ToParent, { kind: 'observed' }>;

const minute = 60_000;
const rules = {
  observed: { interval: 60 * minute, certificates_per_device: 8, keep: 1 },
  shared_use: { window: 10 * minute, moves: 0, ipv4_prefix: 24, ipv6_prefix: 48 },
};

function sending() {
  const sent: Sent[] = [];
  const clock = fakeClock(0);
  const board = createSharedBoard();
  const send = (message: ToParent): Promise<void> => {
    if (message.kind === 'observed') sent.push(message);
    return Promise.resolve();
  };
  const sender = createObservedSender({ send }, board, clock, () => rules);
  return { sent, clock, board, sender };
}

function decided(facts: Partial<Facts> = {}): MadeDecision {
  return { decision: { outcome: 'allow' } as Decision, facts: someFacts(facts) } as MadeDecision;
}

const from = (source_ip: string): MadeDecision =>
  decided({ connection: { ...someFacts().connection, source_ip } });

const key = (index: number): MadeDecision =>
  decided({ credential: someCredential({ key_digest: index.toString(16).padStart(64, '0') }) });

test('a use is told once in a quarter of the window, however often it is repeated', async (t) => {
  const { sent, clock, sender } = sending();
  for (let second = 0; second < 300; second++) {
    sender.note(decided());
    clock.advance(1000);
  }
  await sender.flush();
  t.is(sent.flatMap(({ observations }) => observations).length, 2);
});

test('a gateway is told of once, for whichever of its children it speaks, and not where they are denied', async (t) => {
  const { sent, sender } = sending();
  const vouched = (device: string): MadeDecision =>
    decided({
      ...{ assurance: 'gateway_asserted', device_id: device },
      connection: { ...someFacts().connection, authenticated_by: 'gateway_asserted' },
      gateway: {
        ...{ id: 'gw-7', proved: true, known: true, status: 'active', enrolled: true },
        ...{ bound_until: null, delegated_by: 'record', delegated_until: null },
      },
    });
  sender.note({ ...vouched('s0'), decision: { outcome: 'deny' } as Decision });
  for (let child = 1; child < 400; child++) sender.note(vouched(`s${child}`));
  await sender.flush();
  t.deepEqual(
    sent.flatMap(({ observations }) => observations.map(({ device_id, vouching }) => [device_id, vouching])),
    [['gw-7', true]],
  );
});

test("a gateway's own connection is told beside its word for others, also where no address is told", async (t) => {
  const { sent, sender } = sending();
  const connection = { ...someFacts().connection, source_ip: null };
  const gateway: Facts['gateway'] = {
    ...{ id: 'gw-7', proved: true, known: true, status: 'active', enrolled: true },
    ...{ bound_until: null, delegated_by: 'record', delegated_until: null },
  };
  sender.note(
    decided({
      ...{ assurance: 'gateway_asserted', device_id: 's1', gateway },
      connection: { ...connection, authenticated_by: 'gateway_asserted' },
    }),
  );
  sender.note(decided({ device_id: 'gw-7', connection }));
  await sender.flush();
  t.deepEqual(
    sent.flatMap(({ observations }) => observations.map(({ vouching }) => vouching ?? false)),
    [true, false],
  );
});

test('another place is told at once', async (t) => {
  const { sent, sender } = sending();
  for (const address of ['10.20.0.7', '10.30.0.7', '10.20.0.7']) sender.note(from(address));
  await sender.flush();
  const networks = sent.flatMap(({ observations }) => observations.map(({ network }) => network));
  t.deepEqual(networks, ['10.20.0.0/24', '10.30.0.0/24', '10.20.0.0/24']);
});

test('another address of the same network is no other place', async (t) => {
  const { sent, clock, sender } = sending();
  for (let address = 1; address < 250; address++) {
    sender.note(from(`10.20.0.${address}`));
    clock.advance(1000);
  }
  await sender.flush();
  const times = sent.flatMap(({ observations }) => observations);
  t.is(times.length, 2, 'as often as from one address');
});

test('a key that is known to be shared is told of each second', async (t) => {
  const { sent, clock, board, sender } = sending();
  const { key_digest } = someCredential();
  const uses = [{ gateway: 'a', network: null, device_id: 'm', last_used: 0 }];
  board.note([{ tenant: 'default', key: key_digest ?? '', uses }]);
  for (let tenth = 0; tenth < 50; tenth++) {
    sender.note(decided());
    clock.advance(100);
  }
  await sender.flush();
  t.is(sent.flatMap(({ observations }) => observations).length, 5);
});

test('a batch is bounded; what is more is counted, and told again the next time', async (t) => {
  const { sent, sender } = sending();
  for (let index = 0; index < 300; index++) sender.note(key(index));
  await sender.flush();
  sender.note(key(299));
  await sender.flush();
  t.deepEqual(
    sent.map(({ observations, dropped }) => [observations.length, dropped]),
    [
      [256, 44],
      [1, 0],
    ],
  );
});

test('decisions that teach nothing send nothing', async (t) => {
  const { sent, sender } = sending();
  sender.note(decided({ assurance: 'none' }));
  sender.note({ ...decided(), facts: null });
  await sender.flush();
  t.deepEqual(sent, []);
});
