import test from 'ava';
import { config, compat, decision, denial, policy } from './fixtures.ts';
import { connect, openDoors } from './grpc-fixtures.ts';

const request = {
  attributes: { request: { http: { method: 'GET', path: '/a?b=1', host: 'h', headers: { accept: '*/*' } } } },
};
const plugin = { policy: { ...policy, compat: 'opa-envoy' } } as const;
const undecided = denial(['policy.undefined'], {
  faults: [{ code: 'policy.undefined', stage: 'policy', message: 'the policy left its decision undefined' }],
});

test('an undefined decision fails the call only where the configuration says error by name', async (t) => {
  const said = await openDoors(t, {
    config: config({ ...plugin, compat: { ...compat, undefined: 'error' } }),
  });
  said.point.answer = undecided;
  const failed = await t.throwsAsync(connect(t, said.address).check(request));
  t.like(failed, { code: 2, details: 'the policy left its decision undefined' });
  said.point.answer = denial(['policy.undefined', 'revocation.revoked']);
  t.like((await connect(t, said.address).check(request))['status'], { code: 7 });

  const usual = await openDoors(t, { config: config(plugin) });
  usual.point.answer = undecided;
  t.like((await connect(t, usual.address).check(request))['status'], { code: 7 });
});

test('the document is made only where the policy reads it', async (t) => {
  const on = await openDoors(t, { config: config(plugin) });
  await connect(t, on.address).check(request);
  t.like(on.point.last, {
    ok: true,
    context: { document: { parsed_path: ['a'], parsed_query: { b: ['1'] } } },
  });
  const off = await openDoors(t);
  await connect(t, off.address).check(request);
  t.true(off.point.last.ok && off.point.last.context.document === undefined);
});

test('what the policy answers arrives as it was said', async (t) => {
  const { point, address } = await openDoors(t, { config: config(plugin) });
  const response = {
    shape: 'object',
    headers: [{ name: 'x-a', value: '1' }],
    response_headers_to_add: [{ name: 'x-b', value: '2' }],
    query_parameters_to_set: [{ name: 'q', value: '3' }],
    query_parameters_to_remove: ['r'],
    dynamic_metadata: { list: [1, 'two', null, { three: true }], decision_id: 'forged' },
  } as const;
  const { obligations, decision_id } = decision();
  point.answer = decision({ obligations: { ...obligations, response } });
  const answer = await connect(t, address).check(request);
  t.like(answer['ok_response'], {
    response_headers_to_add: [{ header: { key: 'x-b', value: '2' } }],
    query_parameters_to_set: [{ key: 'q', value: '3' }],
    query_parameters_to_remove: ['r'],
  });
  t.like(answer['dynamic_metadata'], { fields: { decision_id: { stringValue: decision_id } } });
});
