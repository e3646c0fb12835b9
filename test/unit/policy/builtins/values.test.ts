import test from 'ava';
import fc from 'fast-check';
import { compareValues, objectOf, setOf } from '../../../../src/policy/builtins/compare.ts';
import { readValue } from '../../../../src/policy/builtins/read-value.ts';
import { bytesOf, shownText, textOf } from '../../../../src/policy/builtins/text.ts';
import { RegoNumber } from '../../../../src/policy/builtins/value.ts';
import type { RegoValue } from '../../../../src/policy/builtins/value.ts';
import { writeValue } from '../../../../src/policy/builtins/write-value.ts';

const numRuns = 300 * Number(process.env.SOAK_FACTOR ?? 1);

const { value: anyValue } = fc.letrec<{ readonly value: RegoValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<RegoValue>(null, true, false),
    fc.string({ unit: 'binary' }),
    fc.bigInt().map((number) => new RegoNumber(String(number))),
    fc
      .constantFrom('1.0', '-0', '1e400', '0.10', '123456789012345678901234567890.5')
      .map((text) => new RegoNumber(text)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(tie('value'), { maxLength: 4 }).map(setOf),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map(objectOf),
  ),
}));

test('what is written is read as the same value, numbers to the digit', (t) => {
  fc.assert(
    fc.property(anyValue, (value) => {
      t.is(writeValue(readValue(writeValue(value))), writeValue(value));
    }),
    { numRuns },
  );
  t.pass();
});

test('the order of values is one: of two, and of three', (t) => {
  fc.assert(
    fc.property(anyValue, anyValue, anyValue, (a, b, c) => {
      const [ab, ba, bc, ac] = [
        compareValues(a, b),
        compareValues(b, a),
        compareValues(b, c),
        compareValues(a, c),
      ];
      if (ab + ba !== 0) return false;
      return !(ab <= 0 && bc <= 0) || ac <= 0;
    }),
    { numRuns },
  );
  t.pass();
});

test('values of several kinds stand in the order of Rego', (t) => {
  const ordered = [
    'null',
    'false',
    'true',
    '-1',
    '0.5',
    '1',
    '"a"',
    '"b"',
    '[]',
    '[1]',
    '{"a": 1}',
    '{1}',
  ].map(readValue);
  for (const [index, value] of ordered.entries()) {
    for (const [other, against] of ordered.entries()) {
      t.is(
        compareValues(value, against),
        Math.sign(index - other),
        `${writeValue(value)} ${writeValue(against)}`,
      );
    }
  }
  t.is(compareValues(readValue('1.0'), readValue('1')), 0);
  t.is(compareValues(readValue('9007199254740993'), readValue('9007199254740992')), 1);
  t.is(compareValues('\uffff', '\u{1f600}'), -1);
});

test('sets and objects hold a member once, and of one key the last value', (t) => {
  t.is(writeValue(readValue('{3, 1, 1.0, "a"}')), '{1,3,"a"}');
  t.is(writeValue(readValue('set()')), 'set()');
  t.is(writeValue(readValue('{"b": 1, "a": 2, "b": 3, [1]: null}')), '{"a":2,"b":3,[1]:null}');
});

test('what is no value of Rego is refused', (t) => {
  for (const text of ['', '[1', '{1, 2', '{"a" 1}', '"a', '1 2', 'nul', '{1: }', 'set(', '[,]']) {
    t.throws(() => readValue(text), { instanceOf: SyntaxError }, text);
  }
});

test('any bytes are a text that gives them back, and shows what is no UTF-8 as U+FFFD', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      t.deepEqual([...bytesOf(textOf(bytes))], [...bytes]);
      t.true(shownText(textOf(bytes)).isWellFormed());
    }),
    { numRuns },
  );
  t.is(shownText(textOf(Buffer.from([0x61, 0xff, 0xed, 0xa0, 0x80]))), 'a\ufffd\ufffd\ufffd\ufffd');
});
