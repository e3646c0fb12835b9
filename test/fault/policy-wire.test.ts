import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { policies, policyFile } from '../helpers/policies.ts';
import { serveRaw } from '../helpers/raw-server.ts';
import { until } from '../helpers/server.ts';

/** Neighbours have different reasons, so that each is seen to have come into force. */
const faults: readonly (readonly [policy: keyof typeof policies, reason: string, message: RegExp])[] = [
  ['undefined', 'policy.undefined', /undefined|no decision|says nothing/],
  ['trap', 'policy.error', /conflict/],
  ['late', 'policy.timeout', /the policy answered after the deadline, in \d+ ms/],
  ['unknownReason', 'policy.error', /policy\.whim/],
];

test('whatever goes wrong with a policy is a denial with 503 on the wire and a record, never a gRPC error', async (t) => {
  const files = new Map(faults.map(([name]) => [name, policyFile(policies[name])]));
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-policy-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const bundle = join(folder, 'policy.tar.gz');
  const put = (file: string): void => {
    copyFileSync(file, `${bundle}.new`);
    renameSync(`${bundle}.new`, bundle);
  };
  const first = files.get('undefined');
  if (first === undefined) return t.pass();
  put(first);
  const asked = await serveRaw(t, (document) => {
    document['policy'] = { bundle };
    Object.assign(document['server'] as object, { budget: '150ms' });
  });
  const certificate = encodeURIComponent((await asked.world.leaf('meter/1')).pem);
  const source = { address: { socket_address: { address: '10.20.0.7' } }, certificate };
  const http = { method: 'GET', path: '/', host: 'h' };
  const check = { attributes: { source, request: { http } } };

  for (const [name, reason, message] of faults) {
    put(files.get(name) as string);
    // serveRaw rejects for every call that ends with an error of gRPC, also while policies change.
    let last = await asked.check(check);
    await until(async () => (last = await asked.check(check)).reason === reason);
    const { decisionId, ...wire } = last;
    t.deepEqual(wire, { code: 7, http: 503, retryAfter: true, class: 'retry_later', reason }, name);
    const record = await asked.record(decisionId);
    t.like(
      record,
      { outcome: 'deny', enforced: true, obligations: { entitlements: [] }, valid_until: null },
      name,
    );
    t.like(record.faults, [{ code: reason, stage: 'policy' }], name);
    t.truthy(record.input, 'what the policy was asked is there for replay');
    t.regex(record.faults[0]?.message ?? '', message);
    const l4 = await asked.check({ attributes: { source } });
    t.like(l4, { code: 7, http: null }, name);
  }
  t.deepEqual(
    (await asked.server.status()).workers.map(({ restarts }) => restarts),
    [0],
  );
});
