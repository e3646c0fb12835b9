import { nestedRanges, policies, policyFile, withOpa } from '../helpers/policies.ts';
import { serveRaw } from '../helpers/raw-server.ts';
import { until } from '../helpers/server.ts';

const faults: readonly (readonly [policy: string, reason: string, budget: string, message: RegExp])[] = [
  [policies.undefined, 'policy.undefined', '10s', /undefined|no decision|says nothing/],
  [policies.trap, 'policy.error', '10s', /conflict/],
  // Some tens of milliseconds: late for this budget, far from hanging also on a busy machine.
  [nestedRanges(70), 'policy.timeout', '20ms', /the policy answered after the deadline, in \d+ ms/],
  [policies.unknownReason, 'policy.error', '10s', /policy\.whim/],
];

for (const [policy, reason, budget, message] of faults) {
  withOpa(
    `${reason} (${message.source}) is a denial with 503 on the wire and a record, never a gRPC error`,
    async (t) => {
      const bundle = policyFile(policy);
      const asked = await serveRaw(t, (document) => {
        document['policy'] = { bundle };
        Object.assign(document['server'] as object, { budget });
      });
      const certificate = encodeURIComponent((await asked.world.leaf('meter/1')).pem);
      const source = { address: { socket_address: { address: '10.20.0.7' } }, certificate };
      const http = { method: 'GET', path: '/', host: 'h' };
      const check = { attributes: { source, request: { http } } };
      // With the small budget a call may also be shed before the policy is asked.
      let last = await asked.check(check);
      await until(async () => (last = await asked.check(check)).reason === reason);
      const { decisionId, ...wire } = last;
      t.deepEqual(wire, { code: 7, http: 503, retryAfter: true, class: 'retry_later', reason });
      const record = await asked.record(decisionId);
      t.like(record, {
        outcome: 'deny',
        enforced: true,
        obligations: { entitlements: [] },
        valid_until: null,
      });
      t.like(record.faults, [{ code: reason, stage: 'policy' }]);
      t.regex(record.faults[0]?.message ?? '', message);
      t.truthy(record.input, 'what the policy was asked is there for replay');
      t.like(await asked.check({ attributes: { source } }), { code: 7, http: null });
      t.deepEqual(
        (await asked.server.status()).workers.map(({ restarts }) => restarts),
        [0],
      );
    },
  );
}
