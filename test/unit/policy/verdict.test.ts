import test from 'ava';
import fc from 'fast-check';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { reasonCodes } from '../../../src/lib/reason-code.ts';
import type { CustomReasons } from '../../../src/policy/custom-reasons.ts';
import { readVerdict } from '../../../src/policy/verdict.ts';

const runs = 200 * Number(process.env.SOAK_FACTOR ?? 1);

const good = {
  allow: true,
  reasons: [
    { code: 'revocation.stale_within_grace', detail: { crl: '12', age_s: 90, known: true } },
    { code: 'policy.ok' },
  ],
  entitlements: ['readings:write'],
  headers: { 'x-line': '7' },
  session_limit_s: 3600,
  ttl_s: null,
};

const answer = (change: object) => [{ result: { ...good, ...change } }];

test('a well-formed answer is the verdict', (t) => {
  t.deepEqual(readVerdict(answer({})), good as never);
});

test('an empty result is an undefined policy, not a denial by it', (t) => {
  t.throws(() => readVerdict([]), { instanceOf: PortreeveError, code: 'PDP_POLICY_UNDEFINED' });
});

const declared: CustomReasons = new Map([
  ['custom.sunday', { severity: 'deny', text: 'It is Sunday.', remediation: 'Wait.', class: 'retry_later' }],
]);

test('a reason that the bundle declares gets what is declared of it, with its detail and without', (t) => {
  const told = [{ code: 'custom.sunday', detail: { weekday: 0 } }, { code: 'custom.sunday' }];
  const { reasons } = readVerdict(answer({ reasons: told }), declared);
  const found = declared.get('custom.sunday');
  t.deepEqual(reasons, told.map((reason) => ({ ...reason, declared: found })) as never);
});

test('a reason that no bundle declares is a trap, as is one that brings its own declaration', (t) => {
  for (const reason of [
    { code: 'custom.monday' },
    { code: 'custom.Sunday' },
    { code: 'custom.' },
    { code: 'custom.sunday', declared: declared.get('custom.sunday') },
    { code: 'custom.sunday', severity: 'info' },
  ])
    t.throws(() => readVerdict(answer({ reasons: [reason] }), declared), { code: 'PDP_POLICY_TRAP' });
  t.throws(() => readVerdict(answer({ reasons: [{ code: 'custom.sunday' }] })), { code: 'PDP_POLICY_TRAP' });
});

const wrongResults: Readonly<Record<string, unknown>> = {
  'not a list': { result: good },
  'nothing at all': undefined,
  'two answers': [{ result: good }, { result: good }],
  'an answer without a result': [{}],
  'an answer with more than a result': [{ result: good, also: 1 }],
  'a bare boolean': [{ result: true }],
  'a list for a decision': [{ result: [good] }],
  'null for a decision': [{ result: null }],
};

for (const [what, result] of Object.entries(wrongResults)) {
  test(`${what} is refused`, (t) => {
    t.throws(() => readVerdict(result), { instanceOf: PortreeveError, code: 'PDP_POLICY_TRAP' });
  });
}

const wrongFields: Readonly<Record<string, object>> = {
  'allow that is a text': { allow: 'true' },
  'allow that is a number': { allow: 1 },
  'allow that is missing': { allow: undefined },
  'a key that nobody knows': { permit: true },
  'reasons that are an object': { reasons: {} },
  'a reason that is a text': { reasons: ['policy.ok'] },
  'a reason without a code': { reasons: [{}] },
  'a reason code that is not in the catalogue': { reasons: [{ code: 'policy.whim' }] },
  'a reason code that every object has': { reasons: [{ code: 'constructor' }] },
  'a reason with a severity of its own': { reasons: [{ code: 'policy.ok', severity: 'info' }] },
  'a detail that is a list': { reasons: [{ code: 'policy.ok', detail: [] }] },
  'a detail that holds an object': { reasons: [{ code: 'policy.ok', detail: { a: {} } }] },
  'a detail that holds null': { reasons: [{ code: 'policy.ok', detail: { a: null } }] },
  'a detail whose name is not snake_case': { reasons: [{ code: 'policy.ok', detail: { 'a b': 1 } }] },
  'a detail that is endless': { reasons: [{ code: 'policy.ok', detail: { a: 'x'.repeat(1025) } }] },
  'too many reasons': { reasons: Array.from({ length: 65 }, () => ({ code: 'policy.ok' })) },
  'entitlements that are a text': { entitlements: 'all' },
  'an entitlement that is empty': { entitlements: [''] },
  'an entitlement with a comma': { entitlements: ['a,b'] },
  'an entitlement with a line break': { entitlements: ['a\nb'] },
  'an entitlement that is not ASCII': { entitlements: ['zählen'] },
  'headers that are a list': { headers: [] },
  'a header name with a capital': { headers: { 'X-Line': '7' } },
  'a header name with a blank': { headers: { 'x line': '7' } },
  'a header name that is empty': { headers: { '': '7' } },
  'a pseudo-header': { headers: { ':path': '/' } },
  'a header of ours': { headers: { 'x-portreeve-device': 'MTR-1' } },
  'a header that frames the message': { headers: { 'transfer-encoding': 'chunked' } },
  'the host header': { headers: { host: 'elsewhere' } },
  'a header value with a line break': { headers: { 'x-line': '7\r\nx-admin: 1' } },
  'a header value that is a number': { headers: { 'x-line': 7 } },
  'a session limit that is missing': { session_limit_s: undefined },
  'a session limit of zero': { session_limit_s: 0 },
  'a session limit that is a text': { session_limit_s: '60' },
  'a ttl below zero': { ttl_s: -1 },
  'a ttl with a fraction': { ttl_s: 1.5 },
  'a ttl beyond all bounds': { ttl_s: 1e12 },
};

for (const [what, change] of Object.entries(wrongFields)) {
  test(`${what} is refused`, (t) => {
    const result: unknown = JSON.parse(JSON.stringify(answer(change)));
    t.throws(() => readVerdict(result), { instanceOf: PortreeveError, code: 'PDP_POLICY_TRAP' });
  });
}

test('every code of the catalogue is taken', (t) => {
  for (const code of reasonCodes)
    t.deepEqual(readVerdict(answer({ reasons: [{ code }] })).reasons, [{ code }]);
});

test('whatever a policy answers is a verdict or a fault with a code, and nothing else', (t) => {
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.tuple(fc.record({ result: fc.jsonValue() })),
    fc
      .tuple(fc.constantFrom(...Object.keys(good)), fc.jsonValue())
      .map(([key, value]) => answer({ [key]: value })),
  );
  fc.assert(
    fc.property(anything, (result) => {
      try {
        return typeof readVerdict(result).allow === 'boolean';
      } catch (thrown) {
        return thrown instanceof PortreeveError && /^PDP_POLICY_(UNDEFINED|TRAP)$/.test(thrown.code);
      }
    }),
    { numRuns: runs },
  );
  t.pass();
});

test('the own key __proto__ in an answer changes no object', (t) => {
  const result: unknown = JSON.parse(JSON.stringify(answer({})).replace('"x-line"', '"__proto__"'));
  const { headers } = readVerdict(result);
  t.is(Object.getPrototypeOf(headers), Object.prototype);
});
