import test from 'ava';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { canonicalJson } from '../../src/lib/canonical-json.ts';
import { PortreeveError } from '../../src/lib/errors.ts';

const runs = 300 * Number(process.env.SOAK_FACTOR ?? 1);

test('canonical JSON is what the reference implementation of RFC 8785 writes, for any JSON value', (t) => {
  const names = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('1', '10', '2', '__proto__', 'toJSON', 'é', '\ud83d', 'a'),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value')),
      fc.dictionary(names, tie('value'), { noNullPrototype: false }),
    ),
  }));
  const reference = (input: unknown): string | undefined => {
    try {
      return canonicalize(input);
    } catch {
      return undefined;
    }
  };
  const ours = (input: unknown): string | undefined => {
    try {
      return canonicalJson(input);
    } catch (thrown) {
      t.true(thrown instanceof PortreeveError);
      return undefined;
    }
  };
  fc.assert(
    fc.property(value, (input) => ours(input) === reference(input)),
    { numRuns: runs },
  );
  t.pass();
});

test('what JSON cannot hold has no canonical form', (t) => {
  for (const value of [
    undefined,
    Symbol('x'),
    () => 1,
    NaN,
    Infinity,
    { a: NaN },
    { a: '\ud800' },
    ['\udc00'],
  ]) {
    t.throws(() => canonicalJson(value), { code: 'PDP_INTERNAL' });
  }
});

test('members that are undefined are left out, and numbers and names are written as RFC 8785 has it', (t) => {
  t.is(
    canonicalJson({ b: 1, a: undefined, '\u20ac': 1e21, c: [1.0, -0, 1e-7] }),
    '{"b":1,"c":[1,0,1e-7],"€":1e+21}',
  );
});
