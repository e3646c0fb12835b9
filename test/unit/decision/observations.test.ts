import test from 'ava';
import { observationOf } from '../../../src/decision/observations.ts';
import type { Decision, Facts } from '../../../src/decision/types.ts';
import { factsTime, someCredential, someFacts } from '../../helpers/facts.ts';

const prefixes = { ipv4_prefix: 24, ipv6_prefix: 48 };

function learnt(facts: Partial<Facts> = {}, outcome: Decision['outcome'] = 'allow', enforced = true) {
  return observationOf({ decision: { outcome, enforced } as Decision, facts: someFacts(facts) }, prefixes);
}

test('a device that proved itself is learnt of: where, when, with which certificate', (t) => {
  const { fingerprint, key_digest: key, issuer_key, serial, not_after } = someCredential();
  t.deepEqual(learnt() as object, {
    tenant: 'default',
    device_id: 'meter-1',
    at: factsTime,
    allowed: true,
    gateway: 'lyon',
    network: '10.20.0.0/24',
    certificate: { fingerprint, key, issuer_key, serial, not_after },
    firmware: null,
  });
});

test('a denial is learnt from as one, also where it was not enforced', (t) => {
  t.is(learnt({}, 'deny')?.allowed, false);
  t.is(learnt({}, 'deny', false)?.allowed, false);
});

test('nothing is learnt from claims, from words of a gateway, or from a certificate that proves nobody', (t) => {
  t.is(learnt({ assurance: 'none' }), undefined);
  const { connection } = someFacts();
  t.is(
    learnt({
      assurance: 'gateway_asserted',
      connection: { ...connection, authenticated_by: 'gateway_asserted' },
    }),
    undefined,
  );
  t.is(learnt({ credential: null }), undefined);
});

test('of an allow by a gateway that proved itself its own certificate is learnt, as no use of a device', (t) => {
  const vouched = {
    assurance: 'gateway_asserted' as const,
    connection: { ...someFacts().connection, authenticated_by: 'gateway_asserted' as const },
    gateway: {
      ...{ id: 'gw-7', proved: true, known: true, status: 'active', enrolled: true },
      ...{ bound_until: null, delegated_by: 'record' as const, delegated_until: null },
    },
  };
  const { fingerprint } = someCredential();
  t.like(learnt(vouched), {
    ...{ device_id: 'gw-7', vouching: true, allowed: true, gateway: 'lyon', firmware: null },
    certificate: { fingerprint },
  });
  t.is(learnt(vouched, 'deny'), undefined);
  t.is(learnt({ ...vouched, assurance: 'none' }), undefined);
  t.is(learnt({ ...vouched, gateway: { ...vouched.gateway, proved: false } }), undefined);
  t.is(learnt({ ...vouched, gateway: { ...vouched.gateway, status: 'lost' } }), undefined);
});

test('nothing is learnt while the clock cannot be trusted: its times would be guesses', (t) => {
  const clock = { confirmed: 0, grace_until: factsTime + 1, kept: factsTime, system: 0 };
  t.is(learnt({ clock }), undefined);
});

test('enforcement points without a site are places of their own, and a gateway is its own place', (t) => {
  const { site: _site, ...pep } = someFacts().pep;
  t.is(learnt({ pep })?.gateway, 'envoy');
  const gateway = {
    id: 'gw-7',
    proved: true,
    known: true,
    status: 'active',
    enrolled: true,
    bound_until: null,
    delegated_by: null,
    delegated_until: null,
  };
  t.is(learnt({ gateway })?.gateway, 'gw-7');
});
