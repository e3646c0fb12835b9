/**
 * What is remembered between decisions (look-ups under their epochs, decoded devices, resolved certificates and their
 * facts) never shows: after any changes, a decision point that has decided all along says the same as one that was put
 * together a moment ago and remembers nothing.
 */
import test from 'ava';
import fc from 'fast-check';
import { recordBytes } from '../../src/audit/record.ts';
import type { DecisionDeps } from '../../src/decision/deps.ts';
import type { MadeDecision } from '../../src/decision/types.ts';
import { createIdentityResolver } from '../../src/identity/resolver.ts';
import { importFirmware } from '../../src/inventory/firmware/import.ts';
import { createFirmwareReader } from '../../src/inventory/firmware/reader.ts';
import { delegate } from '../../src/inventory/gateways/edit.ts';
import { createDelegationReader } from '../../src/inventory/gateways/reader.ts';
import { createInventoryReader } from '../../src/inventory/reader.ts';
import { deviceStatuses } from '../../src/inventory/types.ts';
import type { DeviceStatus } from '../../src/inventory/types.ts';
import { createHoldReader } from '../../src/revocation/holds/reader.ts';
import { PortreeveError } from '../../src/lib/errors.ts';
import { createRevocationReader } from '../../src/revocation/reader.ts';
import { keptOf } from '../../src/server/worker/kept.ts';
import { openStore } from '../../src/store/open.ts';
import { deviceId, firmware, hour, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';

const runs = 12 * Number(process.env.SOAK_FACTOR ?? 1);

const devices = ['meter/1', 'meter/new', 'camera/1', 'sensor/1', 'gateway/1'];

/** Of what is named as metrics have it, all that these devices and steps are about. */
const memories = [
  'credentials',
  'delegations',
  'device_keys',
  'devices',
  'firmware',
  'revocations',
  'verdicts',
];

type Step =
  | { readonly kind: 'decide'; readonly who: number }
  | { readonly kind: 'status'; readonly device: number; readonly status: DeviceStatus }
  | { readonly kind: 'crl'; readonly ca: 'meters' | 'cameras' | 'fleet'; readonly revoked: readonly number[] }
  | { readonly kind: 'import'; readonly device: number; readonly owner: string }
  | { readonly kind: 'firmware'; readonly status: 'approved' | 'blocked'; readonly version: string }
  | { readonly kind: 'delegate'; readonly ms: number }
  | { readonly kind: 'time'; readonly ms: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('decide' as const), who: fc.nat(4) }) },
  fc.record({
    kind: fc.constant('status' as const),
    device: fc.nat(devices.length - 1),
    // Decommissioning is for ever, and would leave nothing to change.
    status: fc.constantFrom(...deviceStatuses.filter((status) => status !== 'decommissioned')),
  }),
  fc.record({
    kind: fc.constant('crl' as const),
    ca: fc.constantFrom('meters' as const, 'cameras' as const, 'fleet' as const),
    revoked: fc.uniqueArray(fc.nat(2)),
  }),
  fc.record({
    kind: fc.constant('import' as const),
    device: fc.nat(1),
    owner: fc.constantFrom('a', 'b'),
  }),
  fc.record({
    kind: fc.constant('firmware' as const),
    status: fc.constantFrom('approved' as const, 'blocked' as const),
    version: fc.constantFrom('1.0', '2.0'),
  }),
  fc.record({ kind: fc.constant('delegate' as const), ms: fc.integer({ min: 1, max: hour }) }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.nat(hour) }),
);

/** State and certificates read anew, through a connection of its own. */
function fresh(world: World): { deps: Partial<DecisionDeps>; close: () => void } {
  const { deps, clock } = world;
  const store = openStore({ path: deps.store.path, mode: 'read_only', now: clock.now(), clock });
  return {
    deps: {
      store,
      revocation: createRevocationReader(store),
      inventory: createInventoryReader(store),
      firmware: createFirmwareReader(store),
      delegations: createDelegationReader(store),
      holds: createHoldReader(store),
      identity: createIdentityResolver(deps.trust, { maxEntries: 10 }),
    },
    close: () => store.close(),
  };
}

/** All that a decision says, without what differs between any two. */
function said({ decision, facts, input, verdict }: MadeDecision): string {
  return recordBytes({ decision: { ...decision, decision_id: '' }, facts, input, verdict });
}

/** A change that the lifecycle of devices refuses leaves everything as it was. */
async function unlessRefused(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (thrown) {
    if (!(thrown instanceof PortreeveError) || thrown.code !== 'PDP_INVENTORY_INVALID') throw thrown;
  }
}

test('what is remembered never shows in a decision, whatever changes in between', async (t) => {
  const world = await makeWorld();
  t.teardown(world.close);
  const standing = fresh(world);
  t.teardown(standing.close);
  const leaves = [await world.leaf('meter/1'), await world.leaf('meter/new'), world.cameraLeaf];
  const asked = [
    ...leaves.map((shows) => world.connect({ shows, claims: { firmware_hash: firmware.good } })),
    world.connect({ pep: 'edge', claims: { device_id: deviceId('sensor/1') } }),
    world.connect({ pep: 'edge', claims: { device_id: deviceId('camera/1') } }),
  ];
  const outcomes = new Set<string>();
  const change = async (step: Exclude<Step, { kind: 'decide' }>): Promise<void> => {
    const act = { tenant: 'default', actor: 'operator', why: 'test', now: world.clock.now() };
    if (step.kind === 'time') world.clock.advance(step.ms);
    else if (step.kind === 'delegate')
      delegate(world.deps.store, { gateway: 'edge', class: 'camera', until: act.now + step.ms }, act);
    else if (step.kind === 'firmware') {
      const { status, version } = step;
      const row = { firmware_hash: firmware.good, product: 'meter-os', version, status };
      const bytes = Buffer.from(JSON.stringify(row));
      importFirmware(world.deps.store, { ...act, bytes, format: 'ndjson', source: 'test' });
    } else if (step.kind === 'status') world.setStatus(deviceId(devices[step.device] as string), step.status);
    else if (step.kind === 'import') {
      const id = deviceId(devices[step.device] as string);
      await world.importDevices([{ device_id: id, status: 'active', class: 'meter', owner: step.owner }]);
    } else {
      const revoked = step.revoked.map((index) => leaves[index]?.serial as string);
      const entries = revoked.map((serial) => ({ serial, at: world.clock.now() - hour }));
      await world.importCrl(step.ca, { revoked: entries });
    }
  };
  const decide = async (who: number): Promise<void> => {
    const raw = asked[who] as (typeof asked)[number];
    const model = fresh(world);
    try {
      const expected = said(await world.decide(raw, { deps: model.deps }));
      t.is(said(await world.decide(raw)), expected);
      const made = await world.decide(raw, { deps: standing.deps });
      t.is(said(made), expected);
      outcomes.add(made.decision.outcome);
    } finally {
      model.close();
    }
  };
  // Whatever comes, somebody is let in before it, and again by what is remembered.
  for (const who of [...asked.keys(), ...asked.keys()]) await decide(who);
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 25 }), async (steps) => {
      for (const step of steps)
        await (step.kind === 'decide' ? decide(step.who) : unlessRefused(change(step)));
      for (const who of asked.keys()) await decide(who);
    }),
    { numRuns: runs, includeErrorInReport: true },
  );
  t.deepEqual([...outcomes].sort(), ['allow', 'deny']);
  for (const deps of [world.deps, { ...world.deps, ...standing.deps }]) {
    const found = keptOf(deps).filter(({ hits }) => hits > 0);
    t.deepEqual(found.map(({ name }) => name).sort(), memories, 'something was found in each memory');
  }
});
