/** Everything that may happen between two decisions, as commands that shrink. */
import fc from 'fast-check';
import type { EpochMs } from '../../../src/lib/clock.ts';
import { formatInstant } from '../../../src/lib/clock.ts';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { deviceStatuses } from '../../../src/inventory/types.ts';
import { holdKinds } from '../../../src/revocation/holds/types.ts';
import type { BundleFile } from '../../../src/server/bundles/bundle-file.ts';
import { firmware, hour } from '../world.ts';
import * as changes from './changes.ts';
import { leafNames, minute } from './fleet.ts';
import { importList, listedLeaves } from './lists.ts';
import type { CrlChange } from './lists.ts';
import { compare, warm } from './run.ts';
import type { Asked } from './requests.ts';
import type { Run } from './run.ts';
import { endsOf, settingNames } from './settings.ts';

type Command = fc.AsyncCommand<object, Run>;

/** How long something lasts (ms): some seconds to some hours. */
const length = fc.constantFrom(10_000, minute, 10 * minute, hour, 3 * hour, 24 * hour);
const maybe = fc.option(length, { nil: null });

/** Devices of which something may change. */
const device = fc.constantFrom(
  'meter/1',
  'meter/1',
  'meter/2',
  'meter/new',
  'camera/1',
  'gateway/1',
  'sensor/1',
);

/** One kind of step. What the lifecycle or a room refuses leaves everything as it was, as it does for operators. */
function step<Value>(
  name: string,
  values: fc.Arbitrary<Value>,
  act: (run: Run, value: Value) => unknown,
): fc.Arbitrary<Command> {
  return fc.tuple(values, fc.nat()).map(([value, which]) => ({
    check: () => true,
    toString: () => `${name}(${JSON.stringify(value)}) → ${which}`,
    run: async (_model, run) => {
      await warm(run);
      run.done.push(`${formatInstant(run.clock.now())} ${name} ${JSON.stringify(value)}`);
      await unlessRefused(run, () => act(run, value));
      // One by a model of its own; the others by one model, in another order than that in which they were remembered.
      const first = which % run.asking.length;
      const others = run.asking.filter((_, index) => index !== first).reverse();
      await compare(run, run.asking[first] as Asked);
      await compare(run, ...others);
    },
  }));
}

async function unlessRefused(run: Run, act: () => unknown): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    if (!(thrown instanceof PortreeveError)) throw thrown;
    run.done.push(`  refused: ${thrown.message}`);
  }
}

const listed = fc.array(
  fc.record({
    leaf: fc.constantFrom('meter' as const, ...listedLeaves),
    reason: fc.constantFrom(
      'keyCompromise',
      'certificateHold',
      'certificateHold',
      'removeFromCRL',
      'superseded',
    ),
  }),
  { maxLength: 2 },
);

const lists = step(
  'list',
  fc.record({
    ca: fc.constantFrom('meters', 'meters', 'meters', 'cameras', 'gateways', 'fleet'),
    how: fc.constantFrom('full', 'full', 'delta', 'older'),
    listed,
    life: length,
  }) as fc.Arbitrary<CrlChange>,
  importList,
);

const holds = [
  step(
    'hold',
    fc.record({ kind: fc.constantFrom(...holdKinds), value: fc.nat(3), lasts: maybe }),
    changes.addHoldTo,
  ),
  step('lift', fc.nat(20), changes.liftHoldOf),
];

const fields = fc.constantFrom<Readonly<Record<string, unknown>>>(
  {},
  { owner: 'Grid East', attributes: { region: 'east' } },
  { site: 'brest', tags: ['lab'] },
  { serial: 'SN-0002' },
  { firmware: [firmware.bad] },
  { networks: ['10.20.9.0/24'] },
  { entitlements: ['clock:write'] },
  { gateways: ['spiffe://fleet.example/gateway/1', 'edge'] },
  { gateways: [] },
  { class: 'sensor' },
  { class: 'unheard-of' },
  { status: 'quarantined' },
  { key_protection: 'tpm' },
);

const devices = [
  step(
    'status',
    fc.tuple(device, fc.constantFrom('active' as const, ...deviceStatuses)),
    (run, [name, status]) => changes.changeStatus(run, name, status),
  ),
  step('import', fc.tuple(device, fields), (run, [name, row]) => changes.importDevice(run, name, row)),
  step(
    'bind',
    fc.record({
      device: fc.constantFrom(
        'meter/1' as const,
        'meter/2' as const,
        'camera/1' as const,
        'gateway/1' as const,
      ),
      leaf: fc.constantFrom('meter' as const, ...leafNames),
      by: fc.constantFrom('certificates' as const, 'keys' as const, 'issued' as const),
      ...{ since: maybe, until: maybe, others: maybe, renewal: maybe },
    }),
    changes.bind,
  ),
  step('unbind', fc.tuple(device, length), (run, [name, after]) => changes.unbind(run, name, after)),
];

const catalogues = [
  step(
    'firmware',
    fc.record({
      hash: fc.constantFrom('good' as const, 'bad' as const, 'unheardOf' as const),
      version: fc.constantFrom('1.0.0', '2.0.0', '3.0.0'),
      status: fc.constantFrom('approved' as const, 'known_vulnerable' as const, 'blocked' as const),
      grace: maybe,
    }),
    changes.changeFirmware,
  ),
  step(
    'delegate',
    fc.record({
      gateway: fc.constantFrom('edge' as const, 'gateway/1' as const),
      what: fc.constantFrom(
        { class: 'camera' },
        { class: 'meter' },
        { device: 'meter/1' },
        { class: 'sensor' },
      ),
      lasts: fc.oneof(maybe, fc.constant(0)),
    }),
    changes.changeDelegation,
  ),
];

const answers = [
  step(
    'ocsp',
    fc.tuple(
      fc.constantFrom('meter' as const, 'ending' as const),
      fc.constantFrom('good' as const, 'revoked' as const, 'unknown' as const),
      length,
    ),
    (run, [leaf, status, life]) => changes.saveOcsp(run, leaf, status, life),
  ),
  step('source', fc.constantFrom('devices' as const, 'policy' as const), changes.sourceRead),
];

/** A change of the configuration that is refused is taken back in the file. */
const reloads = step(
  'reload',
  fc.tuple(fc.constantFrom(...settingNames), fc.option(fc.nat(4), { nil: null })),
  async (run, [name, option]) => {
    const before = run.chosen.get(name);
    if (option === null) run.chosen.delete(name);
    else run.chosen.set(name, { option, at: Math.floor(run.clock.now() / 1000) * 1000 });
    for (const chosen of run.chosen.values()) run.ends.push(...endsOf(chosen));
    try {
      const config = run.load();
      await run.pair.reload(config);
      run.tolerance.ms = config.time.tolerance;
    } catch (thrown) {
      if (before) run.chosen.set(name, before);
      else run.chosen.delete(name);
      throw thrown;
    }
  },
);

const clocks = [
  step(
    'after',
    fc.oneof(fc.constantFrom(1, 999, 1000, 1001, minute, 10 * minute, hour), fc.nat(2 * hour)),
    (run, ms) => run.clock.advance(ms),
  ),
  step('to end', fc.tuple(fc.nat(3), fc.constantFrom(-1, 0, 0, 1)), (run, [which, off]) => {
    const ahead = run.ends.filter((at) => at + off > run.clock.now());
    const at = ahead.at(-1 - (which % Math.max(ahead.length, 1)));
    if (at !== undefined) run.clock.advance(at + off - run.clock.now());
  }),
  step('to', fc.tuple(fc.nat(4), fc.constantFrom(-1, 0, 0, 1)), (run, [which, off]) => {
    const next = [...run.moments, ...run.ends]
      .filter((at) => at + off > run.clock.now())
      .sort((a, b) => a - b)[which];
    if (next !== undefined) run.clock.advance(next + off - run.clock.now());
  }),
  step('set', fc.tuple(fc.nat(), fc.constantFrom(-1, 0, 1)), (run, [which, off]) => {
    const moments = [...run.moments, ...run.ends].sort((a, b) => a - b);
    const at = moments[which % Math.max(moments.length, 1)];
    // An instant of long ago is the year in which the certificates were issued.
    if (at !== undefined && near(run, at)) run.clock.set(at + off);
  }),
  step('back', fc.oneof(fc.constantFrom(1, 1000, minute, hour), fc.nat(6 * hour)), (run, ms) =>
    run.clock.set(run.clock.now() - ms),
  ),
  step('keep time', fc.constant(null), (run) => {
    const now = run.trusted.now();
    run.trusted.keep({ kept: now, confirmed: now });
  }),
];

function near(run: Run, at: EpochMs): boolean {
  return Math.abs(at - run.clock.now()) < 7 * 24 * hour;
}

/** All is well again: runs would else end in denials for one reason. */
const mending = step('mend', fc.constantFrom(hour, 24 * hour), changes.mend);

const learning = step('learn', fc.constant(null), (run) => run.learning.learn(run.pair));

function bundleSteps(bundles: readonly BundleFile[]): fc.Arbitrary<Command> {
  return step('bundle', fc.nat(bundles.length - 1), async (run, which) => {
    const error = await run.pair.exchange(bundles[which] as BundleFile);
    if (error) throw error;
  });
}

/** What runs are made of. */
export function anyCommands(
  bundles: readonly BundleFile[],
  maxCommands: number,
): fc.Arbitrary<Iterable<Command>> {
  const [after, toEnd, ...otherClocks] = clocks;
  const often = [
    lists,
    ...holds,
    ...devices,
    ...catalogues,
    ...answers,
    reloads,
    after,
    toEnd,
    toEnd,
    learning,
  ];
  const rest = [...otherClocks, reloads, mending, mending, mending, bundleSteps(bundles)];
  return fc.commands(
    [...often, ...often, ...rest].filter((one) => one !== undefined),
    { maxCommands, size: 'max' },
  );
}
