import test from 'ava';
import { parseBundle } from '../../../src/policy/bundle.ts';
import { bundleFilesOf } from '../../../src/policy/bundle.ts';
import { packFiles } from '../../../src/policy/pack-bundle.ts';
import { selfTest } from '../../../src/policy/self-test.ts';
import { readSelfTest, writeSelfTest, type SelfTestFile } from '../../../src/policy/self-test-file.ts';
import { readFileSync } from 'node:fs';
import { policyFile, withOpa } from '../../helpers/policies.ts';

const rego = `package portreeve

decision := {
	"allow": input.door == "native",
	"reasons": [],
	"entitlements": object.keys(data.portreeve.classes),
	"headers": {},
	"session_limit_s": null,
	"ttl_s": 60,
} if input.door != "none"
`;

const classes = { sensor: { ttl_s: 1 } } as unknown as SelfTestFile['classes'][number];
const verdict = (allow: boolean, entitlements: readonly string[] = []) => ({
  allow,
  entitlements,
  headers: {},
  reasons: [],
  session_limit_s: null,
  ttl_s: 60,
});

/** The bundle of the policy above with a self-test. */
function carrying(selfTest: string | Uint8Array) {
  const files = new Map(bundleFilesOf(readFileSync(policyFile(rego))));
  files.set('self-test.json', Buffer.from(selfTest));
  return parseBundle(packFiles(files));
}

const file = (cases: SelfTestFile['cases']) => writeSelfTest({ format: 1, classes: [{}, classes], cases });

withOpa('cases come out as they did, each with the classes that it brings, faults included', async (t) => {
  const bundle = carrying(
    file([
      { title: 'allowed', classes: 0, input: { door: 'native' }, expect: verdict(true) },
      { title: 'denied', classes: 1, input: { door: 'other' }, expect: verdict(false, ['sensor']) },
      { title: 'undefined', classes: 0, input: { door: 'none' }, expect: { fault: 'PDP_POLICY_UNDEFINED' } },
    ]),
  );
  t.deepEqual(await selfTest(bundle), { cases: 3, problems: [] });
});

withOpa('a case that comes out otherwise is told with what was expected and what came', async (t) => {
  const bundle = carrying(
    file([
      { title: 'allowed', classes: 0, input: { door: 'other' }, expect: verdict(true) },
      { title: 'other classes', classes: 0, input: { door: 'native' }, expect: verdict(true, ['sensor']) },
      { title: 'no fault', classes: 0, input: { door: 'native' }, expect: { fault: 'PDP_POLICY_TRAP' } },
    ]),
  );
  const { cases, problems } = await selfTest(bundle);
  t.is(cases, 3);
  t.deepEqual(
    problems.map(({ title }) => title),
    ['allowed', 'other classes', 'no fault'],
  );
  t.regex(problems[0]?.message ?? '', /^expected \{"allow":true,.+, got \{"allow":false,/);
});

withOpa('a bundle without a self-test has nothing that could fail', async (t) => {
  t.deepEqual(await selfTest(parseBundle(readFileSync(policyFile(rego)))), { cases: 0, problems: [] });
});

const good = { title: 'a', classes: 0, input: {}, expect: {} };
for (const [what, document] of Object.entries({
  'no JSON': '{',
  'a list': '[]',
  'no format': '{"classes": [], "cases": []}',
  'a format below the first': '{"format": 0, "classes": [], "cases": []}',
  'no classes': '{"format": 1, "cases": []}',
  'classes that are no objects': '{"format": 1, "classes": [1], "cases": []}',
  'no cases': '{"format": 1, "classes": []}',
  'a case without title': JSON.stringify({ format: 1, classes: [{}], cases: [{ ...good, title: 1 }] }),
  'a case with classes that are not there': JSON.stringify({ format: 1, classes: [], cases: [good] }),
  'a case without input': JSON.stringify({ format: 1, classes: [{}], cases: [{ ...good, input: null }] }),
  'a case that expects nothing': JSON.stringify({
    format: 1,
    classes: [{}],
    cases: [{ ...good, expect: 1 }],
  }),
  'a case with half a moment': JSON.stringify({
    format: 1,
    classes: [{}],
    cases: [{ ...good, moment: { now: 1 } }],
  }),
})) {
  test(`a self-test with ${what} is refused, not passed over`, (t) => {
    t.throws(() => readSelfTest({ selfTest: Buffer.from(document) }), { code: 'PDP_BUNDLE_INVALID' });
  });
}

test('a self-test of a newer format is refused by name', (t) => {
  t.throws(() => readSelfTest({ selfTest: Buffer.from('{"format": 2}') }), { code: 'PDP_FORMAT_NEWER' });
});

test('what was written is read back, and the order of members makes no difference to the bytes', (t) => {
  const one: SelfTestFile = { format: 1, classes: [{}], cases: [{ ...good, input: { a: 1, b: [2.5] } }] };
  const other = {
    cases: [{ expect: {}, input: { b: [2.5], a: 1 }, classes: 0, title: 'a' }],
    classes: [{}],
    format: 1,
  } as const;
  t.deepEqual(readSelfTest({ selfTest: writeSelfTest(one) }), one);
  t.deepEqual(writeSelfTest(other), writeSelfTest(one));
});
