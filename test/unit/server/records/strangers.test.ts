import test from 'ava';
import type { MadeDecision } from '../../../../src/decision/types.ts';
import { createMerging } from '../../../../src/server/records/merging.ts';
import type { MergedGroup } from '../../../../src/audit/merged.ts';
import { isStranger, sourceNetwork, StrangerRates } from '../../../../src/server/records/strangers.ts';

const rates = {
  ...{ rate: 1, burst: 3, pep_rate: 2, pep_burst: 5 },
  ...{ ipv4_prefix: 24, ipv6_prefix: 56, networks: 2 },
};

const denied = (more: { enforced?: boolean; outcome?: string; subject?: string | null; ip?: string } = {}) =>
  ({
    decision: {
      ...{ outcome: more.outcome ?? 'deny', enforced: more.enforced ?? true, tenant: 'default' },
      ...{ time: '2026-11-22T10:00:00.000Z', reasons: [{ code: 'identity.no_credential' }] },
    },
    facts: { subject: more.subject ?? null, connection: { source_ip: more.ip ?? '203.0.113.9' } },
    pep: { name: 'envoy' },
    door: 'native',
  }) as unknown as MadeDecision;

test('a stranger is who is kept out and whom nobody has identified', (t) => {
  t.true(isStranger(denied()));
  t.true(isStranger(denied({ subject: 'claimed' })));
  t.true(isStranger({ ...denied(), facts: null }));
  for (const subject of ['proved', 'named_by_certificate', 'vouched'])
    t.false(isStranger(denied({ subject })));
  t.false(isStranger(denied({ outcome: 'allow' })));
  t.false(isStranger(denied({ enforced: false })), 'let pass');
});

test('networks are told by their configured prefixes, an IPv4 address in IPv6 as what it is', (t) => {
  const network = (ip: string) => sourceNetwork(denied({ ip }), rates);
  t.is(network('203.0.113.9'), '203.0.113.0/24');
  t.is(network('::ffff:203.0.113.9'), '203.0.113.0/24');
  t.is(network('2001:db8:1:2ff:3::1'), '2001:db8:1:200::/56');
  t.is(network('edge'), null);
  t.is(sourceNetwork({ facts: null }, rates), null);
});

test('each network has its rate, and all of an enforcement point have one together', (t) => {
  const of = new StrangerRates({ ...rates, networks: 100 }, 1);
  const taken = (network: string, now: number, pep = 'envoy') =>
    Array.from({ length: 10 }, () => of.takes(pep, network, now)).filter(Boolean).length;
  t.is(taken('a', 0), 3);
  t.is(taken('b', 0), 2, 'the enforcement point has five');
  t.is(taken('a', 0, 'other'), 3, 'another one has its own');
  t.is(taken('a', 1000), 1);
  t.is(taken('c', 1000), 1, 'two a second for the enforcement point');
  t.is(taken('a', 100_000), 3, 'never more than the burst');
});

test('workers share what is allowed', (t) => {
  const of = new StrangerRates({ ...rates, burst: 8, pep_burst: 8 }, 4);
  t.is(Array.from({ length: 10 }, () => of.takes('envoy', 'a', 0)).filter(Boolean).length, 2);
});

test('networks beyond those that are told apart have one rate together, until one was silent for long', (t) => {
  const of = new StrangerRates({ ...rates, pep_rate: 1000, pep_burst: 1000 }, 1);
  for (const network of ['a', 'b']) while (of.takes('envoy', network, 0));
  const spray = Array.from({ length: 500 }, (_, index) => of.takes('envoy', `n${index}`, 0));
  t.is(spray.filter(Boolean).length, 3);
  t.true(of.takes('envoy', 'later', 10_000));
});

function merging(fields: readonly string[] = []) {
  const sent: MergedGroup[] = [];
  const made = createMerging({
    config: {
      server: { workers: 1 },
      audit: { strangers: { ...rates, burst: 0 }, redact: { fields, linkable: true, keep: null } },
    } as never,
    channel: {
      send: async (message) => {
        if (message.kind === 'merged') sent.push(...message.groups);
      },
    },
    clock: { monotonic: () => 0 },
  });
  return { made, sent };
}

test('a merged denial is answered once its count has left, together with those of the same moment', async (t) => {
  const { made, sent } = merging();
  const waiting = [denied(), denied(), denied({ ip: '198.51.100.1' })].flatMap(
    (one) => made.takes(one) ?? [],
  );
  t.is(waiting.length, 3);
  await Promise.all(waiting);
  t.deepEqual(
    sent.map(({ network, count, reasons }) => [network, count, reasons]),
    [
      ['203.0.113.0/24', 2, { 'identity.no_credential': 2 }],
      ['198.51.100.0/24', 1, { 'identity.no_credential': 1 }],
    ],
  );
  t.is(made.takes(denied({ subject: 'proved' })), undefined, 'an identified device has its own record');
});

test('where source addresses are redacted, merged records tell no networks', async (t) => {
  const { made, sent } = merging(['facts.connection.source_ip']);
  await made.takes(denied());
  t.is(sent[0]?.network, null);
});
