import test from 'ava';
import { noAttestation } from '../../../src/attestation/judge.ts';
import type { DecisionDeps } from '../../../src/decision/deps.ts';
import { firmwareFact, firmwareFindings, firmwareLimits } from '../../../src/decision/facts-firmware.ts';
import { observationOf } from '../../../src/decision/observations.ts';
import type { Decision, FirmwareFact } from '../../../src/decision/types.ts';
import type { SeenFirmware } from '../../../src/inventory/observed/types.ts';
import { factsTime, someDevice, someFacts } from '../../helpers/facts.ts';
import { sampleClasses } from '../../helpers/policy-input.ts';

const hash = 'aa'.repeat(32);
const now = factsTime;

function someFact(changes: Partial<FirmwareFact> = {}): FirmwareFact {
  return {
    ...{ advisory: null, epoch: 1, firmware_hash: hash, grace_until: null, highest: null, minimum: null },
    ...{ product: 'meter-os', source: 'claimed', status: 'approved', version: '2.0' },
    ...changes,
  };
}

const codes = (changes: Partial<FirmwareFact>): readonly string[] =>
  firmwareFindings(someFact(changes), now).map(({ code }) => code);

function seen(version: string, attested: boolean, product = 'meter-os'): SeenFirmware {
  return { product, version, attested, firmware_hash: hash, seen_at: 1 };
}

function gather(source: 'attested' | 'claimed', known: readonly SeenFirmware[]): FirmwareFact | null {
  const { connection } = someFacts();
  const claims = { ...connection.claims, firmware_hash: source === 'claimed' ? hash : null };
  const minimum = { 'meter-os': '1.5' };
  const meter = { ...sampleClasses.meter, firmware: { ...sampleClasses.meter.firmware, minimum } };
  const record = {
    product: 'meter-os',
    version: '2.0',
    status: 'approved',
    epoch: 4,
    updated_at: 1,
  } as const;
  return firmwareFact(
    {
      ...{ tenant: 'default', deviceId: 'meter-1', device: someDevice() },
      attestation: { ...noAttestation, firmware_hash: source === 'attested' ? hash : null },
      connection: { ...connection, claims },
    },
    {
      config: { classes: { meter } },
      firmware: { firmware: (_tenant: string, asked: string) => ({ ...record, firmware_hash: asked }) },
      observed: { highestFirmware: () => known },
    } as unknown as DecisionDeps,
  );
}

test('approved firmware that is neither too old nor older than before has nothing against it', (t) => {
  t.deepEqual(codes({ minimum: '2.0', highest: '2.0' }), []);
  t.deepEqual(firmwareFindings(null, now), []);
});

test('the class names the least version of the product', (t) => {
  t.like(gather('claimed', []), { minimum: '1.5', highest: null, source: 'claimed', epoch: 4 });
});

test('what was measured is held against measured versions alone: a false claim holds no device down', (t) => {
  const known = [seen('9.0', false), seen('2.5', true), seen('99', true, 'camera-os')];
  t.is(gather('attested', known)?.highest, '2.5');
  t.is(gather('claimed', known)?.highest, '9.0');
  t.is(gather('attested', [seen('9.0', false)])?.highest, null);
  t.is(gather('claimed', [seen('2.5', true)])?.highest, '2.5');
});

test('grace turns what has to be updated into one warning, until its very end', (t) => {
  const old = { status: 'known_vulnerable', minimum: '2.1', grace_until: now + 1 } as const;
  t.deepEqual(codes(old), ['firmware.grace_expiring']);
  t.is(firmwareFindings(someFact(old), now)[0]?.detail?.['because'], 'known_vulnerable, below_minimum');
  t.deepEqual(firmwareLimits(someFact(old), now), [
    { because: 'grace of the firmware: until', until: now + 1 },
  ]);
  t.deepEqual(codes({ ...old, grace_until: now }), ['firmware.known_vulnerable', 'firmware.below_minimum']);
  t.deepEqual(firmwareLimits(someFact({ ...old, grace_until: now }), now), []);
});

test('grace that nothing needs ends nothing, and covers neither blocked firmware nor a rollback', (t) => {
  const grace = { grace_until: now + 1 };
  t.deepEqual(firmwareLimits(someFact(grace), now), []);
  t.deepEqual(codes({ ...grace, status: 'blocked' }), ['firmware.blocked']);
  t.deepEqual(codes({ ...grace, highest: '2.1' }), ['firmware.rollback']);
});

test('what ran in an allowed connection is learnt; measured only what a verified result says', (t) => {
  const learnt = (source: 'attested' | 'claimed', status: 'verified' | 'failed') =>
    observationOf(
      {
        decision: { outcome: 'allow' } as Decision,
        facts: someFacts({ firmware: someFact({ source }), attestation: { ...noAttestation, status } }),
      },
      { ipv4_prefix: 24, ipv6_prefix: 48 },
    )?.firmware;
  t.deepEqual(learnt('attested', 'verified'), {
    ...{ product: 'meter-os', version: '2.0', firmware_hash: hash, attested: true },
  });
  t.is(learnt('attested', 'failed')?.attested, false);
  t.is(learnt('claimed', 'verified')?.attested, false);
});
