import test from 'ava';
import { extendTrail, judgeTrail, networkOf } from '../../../../src/inventory/observed/trail.ts';
import type { KeyUse } from '../../../../src/inventory/observed/types.ts';

const window = 600_000;
const now = Date.UTC(2026, 5, 1, 12);
const second = 1000;
const prefixes = { ipv4_prefix: 24, ipv6_prefix: 48 };

/** Uses of one key, a second apart, the last one now; each `gateway network device`. */
function trailOf(...places: readonly string[]): readonly KeyUse[] {
  return places.reduce<readonly KeyUse[]>((trail, place, index) => {
    const [gateway = '', network = '-', device_id = 'm'] = place.split(' ');
    const last_used = now - (places.length - 1 - index) * second;
    const use = { gateway, network: network === '-' ? null : network, device_id, last_used };
    return extendTrail(trail, use, window);
  }, []);
}

const judged = (moves: number, ...places: readonly string[]) =>
  judgeTrail(trailOf(...places), { window, moves, ...prefixes }, now);

test('a key that stays where it is is not shared, however often it is used', (t) => {
  t.is(judged(0, 'a n', 'a n', 'a n'), undefined);
  t.is(trailOf('a n', 'a n', 'a n').length, 1);
  t.is(trailOf('a n', 'a n')[0]?.last_used, now);
});

test('two gateways are too many, and so are two networks and two devices', (t) => {
  t.deepEqual(judged(0, 'a n', 'b n'), { scope: 'gateways', moves: 1 });
  t.deepEqual(judged(0, 'a n', 'a o'), { scope: 'networks', moves: 1 });
  t.deepEqual(judged(0, 'a n m', 'a n k'), { scope: 'devices', moves: 0 });
});

test('a use that a clock in another century dated is not in the window of any other', (t) => {
  const [later] = trailOf('a n');
  const leapt = { ...later!, last_used: Date.UTC(2080, 0, 1) };
  const trail = extendTrail([leapt], { ...later!, gateway: 'b', last_used: now }, window);
  t.deepEqual(
    trail.map(({ gateway }) => gateway),
    ['b'],
  );
  t.is(judgeTrail([leapt, ...trail], { window, moves: 0, ...prefixes }, now), undefined);
  const early = { ...later!, gateway: 'b', last_used: now - second };
  t.is(extendTrail([later!], early, window).length, 2, 'a little out of order is within it');
});

test('devices are graver than gateways, and gateways than networks', (t) => {
  t.is(judged(0, 'a n m', 'b o k')?.scope, 'devices');
  t.is(judged(0, 'a n', 'b o')?.scope, 'gateways');
});

test('where one move is allowed, there and back again is told and a single move is not', (t) => {
  t.is(judged(1, 'a n', 'b o'), undefined);
  t.deepEqual(judged(1, 'a n', 'b o', 'a n'), { scope: 'gateways', moves: 2 });
  t.deepEqual(judged(1, 'a n', 'a o', 'a n'), { scope: 'networks', moves: 2 });
});

test('no number of moves allows two devices with one key', (t) => {
  t.is(judged(16, 'a n m', 'a n k')?.scope, 'devices');
});

test('an address that was not told is no network of its own', (t) => {
  t.is(judged(0, 'a n', 'a -', 'a n'), undefined);
});

test('what lies before the window does not count, and what lies at its begin does', (t) => {
  const old = { gateway: 'a', network: 'n', device_id: 'm', last_used: now - window };
  const use = { gateway: 'b', network: 'n', device_id: 'm', last_used: now };
  t.is(
    judgeTrail(extendTrail([old], use, window), { window, moves: 0, ...prefixes }, now)?.scope,
    'gateways',
  );
  t.is(judgeTrail(extendTrail([old], use, window), { window, moves: 0, ...prefixes }, now + 1), undefined);
  t.deepEqual(extendTrail([{ ...old, last_used: old.last_used - 1 }], use, window), [use]);
});

test('a trail is bounded', (t) => {
  const places = Array.from({ length: 100 }, (_, index) => `g${index % 2}`);
  t.is(trailOf(...places).length, 20);
});

test('addresses are compared by network, IPv4-mapped ones as IPv4', (t) => {
  t.is(networkOf('10.20.0.7', prefixes), '10.20.0.0/24');
  t.is(networkOf('::ffff:10.20.0.9', prefixes), '10.20.0.0/24');
  t.is(networkOf('2001:db8:1:2::3', prefixes), '2001:db8:1::/48');
  t.is(networkOf(null, prefixes), null);
});

/** What is judged of a key that was used at one gateway from these networks, in this order, by the prefixes of now. */
const judgedBy = (now4: number, now6: number, ...networks: readonly string[]) =>
  judgeTrail(
    trailOf(...networks.map((network) => `a ${network}`)),
    { window, moves: 0, ipv4_prefix: now4, ipv6_prefix: now6 },
    now,
  );

test('another prefix makes no move of a device that stays: what both networks tell of is compared', (t) => {
  t.is(judgedBy(16, 48, '10.20.1.0/24', '10.20.0.0/16'), undefined);
  t.is(judgedBy(24, 48, '10.20.0.0/16', '10.20.1.0/24'), undefined);
  t.is(judgedBy(24, 32, '2001:db8:1::/48', '2001:db8::/32'), undefined);
  t.is(judgedBy(24, 48, '2001:db8::/32', '2001:db8:1::/48'), undefined);
  t.is(trailOf('a 10.20.1.0/24', 'a 10.20.0.0/16')[0]?.network, '10.20.0.0/16', 'by the prefix of now');
  t.is(trailOf('a 10.20.1.0/24', 'a 10.20.0.0/16').length, 1);
});

test('networks that differ in what both tell of are two, by whichever prefix they were noted', (t) => {
  const moved = { scope: 'networks', moves: 1 };
  t.deepEqual(judgedBy(16, 48, '10.21.1.0/24', '10.20.0.0/16'), moved);
  t.deepEqual(judgedBy(24, 48, '10.20.0.0/16', '10.21.1.0/24'), moved);
  t.deepEqual(judgedBy(24, 48, '2001:db8::/32', '2001:db9:1::/48'), moved);
  t.deepEqual(judgedBy(24, 48, '10.20.1.0/24', '2001:db8::/32'), moved);
});

test('networks are two by the prefixes of now alone, also those that were noted before', (t) => {
  const noted = ['10.20.1.0/24', '10.20.2.0/24'];
  t.deepEqual(judgedBy(24, 48, ...noted), { scope: 'networks', moves: 1 });
  t.is(judgedBy(16, 48, ...noted), undefined);
  t.is(judgedBy(24, 32, '2001:db8:1::/48', '2001:db8:2::/48'), undefined);
});
