import test from 'ava';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { withToldValues } from '../../../src/policy/told-values.ts';
import { readVerdict } from '../../../src/policy/verdict.ts';
import { goodInput } from '../../helpers/policy-input.ts';

const shared = (...reasons: readonly object[]) =>
  readVerdict([
    {
      result: {
        ...{ allow: false, reasons, entitlements: [], headers: {} },
        ...{ session_limit_s: null, ttl_s: null },
      },
    },
  ]);

const unknown = (detail: object) => ({ code: 'inventory.unknown_device', detail });

test("what a rule only names stands in the detail with the input's value, beside what it told itself", (t) => {
  const verdict = shared(
    { code: 'policy.denied' },
    unknown({ site: 'quay', device_id: { input: 'device_id' }, age_s: { input: 'lifetime_s' } }),
  );
  t.deepEqual(withToldValues(verdict, goodInput, undefined), {
    allow: false,
    entitlements: [],
    headers: {},
    reasons: [
      { code: 'policy.denied' },
      { code: 'inventory.unknown_device', detail: { age_s: 7776000, device_id: 'MTR-0001', site: 'quay' } },
    ],
    session_limit_s: null,
    ttl_s: null,
  });
  const other = withToldValues(verdict, { ...goodInput, device_id: 'MTR-0002' }, undefined);
  t.is(other.reasons[1]?.detail?.['device_id'], 'MTR-0002', 'the same verdict serves another device');
});

test('a value that is null is left out, and nothing else with it', (t) => {
  const verdict = shared(unknown({ device_id: { input: 'device_id' }, code: 7 }));
  const { reasons } = withToldValues(verdict, { ...goodInput, device_id: null }, undefined);
  t.deepEqual(reasons, [{ code: 'inventory.unknown_device', detail: { code: 7 } }]);
});

test('a verdict without such values stays the object that it is', (t) => {
  const verdict = shared(unknown({ device_id: 'x' }));
  t.is(withToldValues(verdict, goodInput, []), verdict);
});

for (const [what, key, input, keys] of [
  ['that the input does not have', 'no_such_key', goodInput, undefined],
  ['that every object has', 'constructor', goodInput, undefined],
  ['that the bundle does not say it reads', 'device_id', goodInput, ['gateway']],
  ['whose value is a list', 'pep_networks', goodInput, undefined],
  ['whose value is too long', 'device_id', { ...goodInput, device_id: 'x'.repeat(1025) }, undefined],
] as const) {
  test(`a key ${what} is a trap, and the connection is denied`, (t) => {
    const verdict = shared(unknown({ told: { input: key } }));
    const error = t.throws(() => withToldValues(verdict, input, keys), {
      instanceOf: PortreeveError,
      code: 'PDP_POLICY_TRAP',
    });
    t.regex(String(error?.message), /told of inventory\.unknown_device/);
  });
}

for (const value of [{ input: 7 }, { input: 'device_id', also: 1 }, { other: 'device_id' }, {}]) {
  test(`a detail that is ${JSON.stringify(value)} names nothing and is refused`, (t) => {
    t.throws(() => shared(unknown({ told: value })), { code: 'PDP_POLICY_TRAP' });
  });
}
