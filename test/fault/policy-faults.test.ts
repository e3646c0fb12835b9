import { PortreeveError } from '../../src/lib/errors.ts';
import { createPolicyEngine } from '../../src/policy/engine.ts';
import type { PolicyEngine } from '../../src/policy/types.ts';
import { policies, policyBundle, withOpa } from '../helpers/policies.ts';
import { goodInput, sampleClasses } from '../helpers/policy-input.ts';

const trap = { instanceOf: PortreeveError, code: 'PDP_POLICY_TRAP' };
const passing = { ...goodInput, device_status: 'disabled' };

function engineOf(rego: string): Promise<PolicyEngine> {
  return createPolicyEngine(policyBundle(rego), { classes: sampleClasses });
}

withOpa('a policy that says nothing is a fault of its own', async (t) => {
  const engine = await engineOf(policies.undefined);
  t.throws(() => engine.evaluate(goodInput), { instanceOf: PortreeveError, code: 'PDP_POLICY_UNDEFINED' });
  t.true(engine.evaluate({ ...goodInput, tenant: 'nobody' }).allow);
});

withOpa('a trap is a fault, and the next evaluation has a fresh instance with its data', async (t) => {
  const engine = await engineOf(policies.trap);
  t.true(engine.evaluate(passing).allow);
  for (let round = 0; round < 20; round++) {
    t.throws(() => engine.evaluate(goodInput), { ...trap, message: /conflict/ });
    t.true(engine.evaluate(passing).allow);
  }
});

withOpa('what a trap threw is an error with a cause, also where a library throws texts', async (t) => {
  const engine = await engineOf(policies.trap);
  const thrown = t.throws(() => engine.evaluate(goodInput), trap);
  t.true(thrown?.cause instanceof Error);
});

withOpa('a reason that is not in the catalogue is a fault', async (t) => {
  const engine = await engineOf(policies.unknownReason);
  t.throws(() => engine.evaluate(goodInput), { ...trap, message: /policy\.whim/ });
});

withOpa('a policy that takes all memory is a fault, and the memory is given back', async (t) => {
  const engine = await engineOf(
    `package portreeve

_range := numbers.range(1, 300)

decision := {"allow": count(_all) > 0} if input.device_status == "active"

decision := {
	"allow": true, "reasons": [], "entitlements": [], "headers": {}, "session_limit_s": null, "ttl_s": 60,
} if input.device_status != "active"

_all := [[a, b, c] | some a in _range; some b in _range; some c in _range]
`,
  );
  engine.evaluate(passing);
  const pages = engine.pages();
  t.throws(() => engine.evaluate(goodInput), { ...trap, message: /malloc/ });
  // Another one than before, whose verdict nobody remembers.
  t.true(engine.evaluate({ ...passing, device_status: 'lost' }).allow);
  t.is(engine.pages(), pages);
});

withOpa(
  'nested ranges come back late, and then as if nothing were: the clock has to be watched from outside',
  async (t) => {
    const engine = await engineOf(policies.late);
    const started = performance.now();
    t.true(engine.evaluate(goodInput).allow);
    t.true(performance.now() - started > 20);
  },
);

withOpa('classes that do not fit into the memory are refused when the bundle is loaded', async (t) => {
  const bundle = policyBundle(policies.allowEverything);
  const allowed = Array.from({ length: 1_000_000 }, (_, index) => index.toString(16).padStart(64, '0'));
  const meter = { ...sampleClasses.meter, firmware: { ...sampleClasses.meter.firmware, allowed } };
  await t.throwsAsync(createPolicyEngine(bundle, { classes: { meter } }), {
    instanceOf: PortreeveError,
    code: 'PDP_BUNDLE_INVALID',
  });
});
