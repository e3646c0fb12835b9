import test from 'ava';
import { floorFindings } from '../../../src/decision/floor.ts';
import { catalogue } from '../../../src/decision/reasons.ts';
import type { Facts } from '../../../src/decision/types.ts';
import { deviceStatuses } from '../../../src/inventory/types.ts';
import { reasonCodes } from '../../../src/lib/reason-code.ts';
import { holdKinds, type HoldFact } from '../../../src/revocation/holds/types.ts';
import { factsTime, someCredential, someDevice, someFacts } from '../../helpers/facts.ts';

const codesOf = (facts: Facts) => floorFindings(facts).map((finding) => finding.code);

test('the floor holds for an active device with a valid certificate, and for nobody in particular', (t) => {
  t.deepEqual(codesOf(someFacts()), []);
  t.deepEqual(codesOf(someFacts({ credential: null, device: null, device_id: null })), []);
});

test('whatever the rooms found that denies is the floor; what only warns is not', (t) => {
  for (const code of reasonCodes) {
    const found = codesOf(someFacts({ findings: [{ code }] }));
    t.deepEqual(found, catalogue[code].severity === 'deny' ? [code] : [], code);
  }
});

test('a certificate that is not valid is denied even if nothing says why', (t) => {
  const facts = someFacts({ credential: someCredential({ valid: false }) });
  t.deepEqual(codesOf(facts), ['system.internal']);
  t.deepEqual(codesOf({ ...facts, findings: [{ code: 'credential.expired' }] }), ['credential.expired']);
});

const someHold: HoldFact = {
  epoch: 7,
  id: 'h1',
  issued_before: null,
  kind: 'device',
  name: 'meter-1',
  since: factsTime,
  until: null,
  value: 'meter-1',
  who: 'night shift',
  why: 'case 17',
};

test('each hold is one reason of its kind, with what the auditor asks for', (t) => {
  for (const kind of holdKinds)
    t.deepEqual(codesOf(someFacts({ holds: [{ ...someHold, kind }] })), [`hold.${kind}`]);
  const issued = { kind: 'issuer', name: 'meters', issued_before: factsTime, until: factsTime + 1 } as const;
  const found = floorFindings(someFacts({ holds: [someHold, { ...someHold, ...issued, id: 'h2' }] }));
  const since = '2026-06-01T12:00:00.000Z';
  t.deepEqual(
    found.map(({ detail }) => detail),
    [
      { hold: 'h1', device: 'meter-1', who: 'night shift', why: 'case 17', since },
      {
        ...{ hold: 'h2', issuer: 'meter-1', who: 'night shift', why: 'case 17', since, name: 'meters' },
        ...{ issued_before: since, until: '2026-06-01T12:00:00.001Z' },
      },
    ],
  );
});

const disabled = {
  active: [],
  pre_provisioned: ['inventory.not_active'],
  disabled: ['inventory.not_active'],
  quarantined: ['inventory.quarantined'],
  lost: ['inventory.lost_or_stolen'],
  decommissioned: ['inventory.decommissioned'],
} as const;

for (const status of deviceStatuses) {
  test(`a device that is ${status} has ${disabled[status].join() || 'nothing'} on the floor`, (t) => {
    t.deepEqual(codesOf(someFacts({ device: someDevice({ status }) })), [...disabled[status]]);
  });

  test(`a gateway that is ${status} ${status === 'active' ? 'may' : 'may not'} vouch`, (t) => {
    const gateway = {
      id: 'gw',
      proved: true,
      known: true,
      status,
      enrolled: true,
      bound_until: null,
      delegated_by: null,
      delegated_until: null,
    };
    const { connection } = someFacts();
    const vouching = someFacts({
      connection: { ...connection, authenticated_by: 'gateway_asserted' },
      gateway,
    });
    t.deepEqual(codesOf(vouching), status === 'active' ? [] : ['assurance.gateway_untrusted']);
    t.deepEqual(
      codesOf(someFacts({ gateway })),
      [],
      'one that a proved device passes through vouches for nothing',
    );
  });
}
