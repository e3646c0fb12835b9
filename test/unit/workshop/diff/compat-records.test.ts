import type { AuditRecord } from '../../../../src/audit/record.ts';
import { createPolicyEngine } from '../../../../src/policy/engine.ts';
import { readBundle } from '../../../../src/policy/bundle.ts';
import { createSides } from '../../../../src/workshop/diff/sides.ts';
import { whatIsLacking } from '../../../../src/workshop/records/lacking.ts';
import type { FoundRecord } from '../../../../src/workshop/records/line.ts';
import { replayPolicy } from '../../../../src/workshop/replay/replay-record.ts';
import { pseudonymise } from '../../../../src/workshop/sample/pseudonymise.ts';
import type { AskedRecord } from '../../../../src/decision/ask-again.ts';
import { http, makeCompatWorld, pluginBundle } from '../../../helpers/compat.ts';
import { withOpa } from '../../../helpers/policies.ts';

const rego = (path: string) => `package envoy.authz

default allow := false

allow := {"allowed": true, "headers": {"x-token": input.attributes.request.http.headers.authorization}} if {
	input.parsed_path == ["${path}"]
}
`;
const headers = { authorization: 'Bearer secret-token' };
const found = (record: AuditRecord): FoundRecord =>
  ({ record, weight: 1, redacted: [], whole: true }) as never;

withOpa('two policies for opa-envoy-plugin are compared by what was really asked', async (t) => {
  const world = await makeCompatWorld(t, rego('in'));
  const { record } = await world.ask(http('GET', '/in', { headers }));
  const [before, after] = ['in', 'out'].map((path) => readBundle(pluginBundle({ rego: rego(path) })));
  if (!before || !after) return t.fail();
  const ask = await createSides({ before, after })(world.config);
  const answers = ask(record as AskedRecord);
  t.deepEqual(
    [answers.before, answers.after].map((one) => one.ok && one.value.allow),
    [true, false],
  );
});

withOpa('such a record is replayed with its policy, whole or not at all', async (t) => {
  const world = await makeCompatWorld(t, rego('in'));
  const { record } = await world.ask(http('GET', '/in', { headers }));
  const bundle = readBundle(pluginBundle({ rego: rego('in') }));
  const engine = await createPolicyEngine(bundle, { classes: world.config.classes });
  const policy = { engine, inputKeys: undefined };
  t.deepEqual(replayPolicy(found(record), policy, world.config as never), { is: 'same', depth: 'policy' });
  const reads = [{ name: 'NEW', inputVersion: 1, inputKeys: undefined, document: true }];
  t.is(whatIsLacking(found(record), reads), undefined);
  const { document, ...without } = record;
  if (!document) return t.fail();
  t.is(whatIsLacking(found(without), reads), "NEW reads the request's document, which is not there");
  t.is(
    whatIsLacking(found({ ...record, document: { ...document, cut: ['parsed_body'] } }), reads),
    "NEW reads the request's document, which was cut: parsed_body",
  );
  t.is(
    whatIsLacking(found({ ...record, document: { ...document, text: '{}' } }), reads),
    "NEW reads the request's document, which has another digest",
  );
});

withOpa('a sample holds neither what such a policy saw nor what it answered', async (t) => {
  const world = await makeCompatWorld(t, rego('in'));
  const { record } = await world.ask(http('GET', '/in', { headers }));
  t.regex(JSON.stringify(record), /secret-token/);
  const { record: told } = pseudonymise(record, () => 'someone');
  t.notRegex(JSON.stringify(told), /secret-token/);
});
