import test from 'ava';
import { renewalOverdue, sourceOutside } from '../../../src/decision/input-comparisons.ts';
import { policyInput } from '../../../src/decision/input.ts';
import { someDevice, someFacts, somePep } from '../../helpers/facts.ts';

const times = { now_s: 10_000, certificate_age_s: 1000, lifetime_s: 2000, renewal_expected_by_s: null };
const share = (renew_by_share: number | null) => ({ renew_by_share });

test('a certificate past its share of life is overdue, and one before it is not', (t) => {
  t.deepEqual(renewalOverdue(times, share(0.5)), ['class']);
  t.deepEqual(renewalOverdue({ ...times, lifetime_s: 2001 }, share(0.5)), []);
  t.deepEqual(renewalOverdue(times, share(null)), []);
  t.deepEqual(renewalOverdue(times, undefined), []);
  t.deepEqual(renewalOverdue({ ...times, lifetime_s: 0 }, share(0.5)), []);
});

test("the device's own time counts for certificates that are valid from before it", (t) => {
  const expected = (renewal_expected_by_s: number) =>
    renewalOverdue({ ...times, renewal_expected_by_s }, undefined);
  t.deepEqual(expected(10_000), ['device']);
  t.deepEqual(expected(10_001), []);
  t.deepEqual(expected(9001), ['device']);
  t.deepEqual(expected(9000), [], 'it is the renewed one');
});

test('both are told, the class first; nothing is without a certificate', (t) => {
  const both = { ...times, renewal_expected_by_s: 10_000 };
  t.deepEqual(renewalOverdue(both, share(0.5)), ['class', 'device']);
  const none = { ...both, certificate_age_s: null, lifetime_s: null };
  t.deepEqual(renewalOverdue(none, share(0.5)), []);
});

interface Lists {
  readonly pep?: readonly string[];
  readonly device?: readonly string[];
  readonly class?: readonly string[];
}

function outside(source_ip: string | null, lists: Lists) {
  const { connection } = someFacts();
  const facts = {
    connection: { ...connection, source_ip },
    device: someDevice({ networks: lists.device ?? [] }),
    pep: { ...somePep, networks: lists.pep ?? [] },
  };
  return sourceOutside(facts, { networks: lists.class ?? [] });
}

const networks = ['10.0.0.0/8', '2001:db8::/32'];

test('a source within one network of a list is within the list', (t) => {
  for (const address of ['10.1.2.3', '10.255.255.255', '2001:db8::7']) {
    t.deepEqual(outside(address, { class: networks }), [], address);
  }
  for (const address of ['11.0.0.1', '9.255.255.255', '2001:db9::1', '192.0.2.1']) {
    t.deepEqual(outside(address, { class: networks }), ['class'], address);
    t.deepEqual(outside(address, { class: networks }), ['class'], 'asked again');
  }
});

test('every list that names networks counts', (t) => {
  const all = { class: networks, device: ['10.9.0.0/16'], pep: ['172.16.0.0/12'] };
  t.deepEqual(outside('192.0.2.1', all), ['class', 'device', 'pep']);
  t.deepEqual(outside('10.9.0.1', all), ['pep']);
  t.deepEqual(outside('172.16.0.1', all), ['class', 'device']);
  const within = { class: networks, device: ['10.9.0.0/16', '10.1.2.0/24'], pep: ['10.1.0.0/16'] };
  t.deepEqual(outside('10.1.2.3', within), []);
});

test('no source is outside of every list that names one, and of none that does not', (t) => {
  t.deepEqual(outside(null, { class: networks }), ['class']);
  t.deepEqual(outside(null, {}), []);
  t.deepEqual(outside('not an address', { device: ['0.0.0.0/0', '::/0'] }), ['device']);
});

test('a network that cannot be read contains nothing', (t) => {
  for (const network of ['everywhere', '', '10.1.2.3', '10.0.0.0/33', '10.0.0.0/', '/0']) {
    t.deepEqual(outside('10.1.2.3', { device: [network] }), ['device'], network);
  }
});

test('lists are kept apart, and what is remembered of them does not grow without end', (t) => {
  const lists = { class: ['10.0.0.0/16'], pep: ['10.0.0.0/24'] };
  for (let index = 0; index < 3000; index++) {
    const [high, low] = [index >> 8, index & 255];
    t.deepEqual(outside(`10.0.${high}.${low}`, lists), high === 0 ? [] : ['pep']);
  }
});

test('the input tells the address and what remains only where they matter', (t) => {
  const facts = someFacts({ device: someDevice({ class: 'meter' }) });
  const inputOf = (renew_by_share: number | null, list: readonly string[]) =>
    policyInput(facts, { credentialOptional: false, classes: { meter: { renew_by_share, networks: list } } });
  t.like(inputOf(null, []), {
    renewal_overdue: [],
    renewal_overdue_remaining_s: null,
    source_outside: [],
    source_ip_outside: null,
  });
  const { remaining_s, source_ip } = inputOf(null, []);
  t.like(inputOf(0.01, ['192.0.2.0/32']), {
    renewal_overdue: ['class'],
    renewal_overdue_remaining_s: remaining_s,
    source_outside: ['class'],
    source_ip_outside: source_ip,
  });
});
