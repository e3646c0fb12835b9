import test from 'ava';
import fc from 'fast-check';
import { isRawNumber, parseExactJson } from '../../../src/lib/exact-json.ts';

test('a number keeps its digits where a double does not give them back', (t) => {
  const text = '[9007199254740993,1.0,1e400,-0,7,0.5]';
  const read = parseExactJson(text);
  t.is(JSON.stringify(read), text);
  t.deepEqual((read as readonly unknown[]).map(isRawNumber), [true, true, true, true, false, false]);
});

const numRuns = 500 * Number(process.env.SOAK_FACTOR ?? 1);

test('each number comes back as it was written, whatever stands before and behind it', (t) => {
  const digits = fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String), fc.constant('0'));
  const part = (of: string) => fc.option(digits.map((text) => of + text)).map((text) => text ?? '');
  const number = fc.tuple(fc.constantFrom('', '-'), digits, part('.'), part('e'), part('E-'));
  const written = number.map(([sign, whole, fraction, up, down]) => sign + whole + fraction + (up || down));
  const around = fc.constantFrom(
    'X',
    '[X]',
    '[1,X]',
    '{"a":X}',
    '{"a": X }',
    '[ X ,"1.5"]',
    '[[X],[2]]',
    '\nX\t',
  );
  fc.assert(
    fc.property(written, around, (text, frame) => {
      const read = JSON.stringify(parseExactJson(frame.replace('X', text)));
      t.is(read, frame.replace('X', text).replace(/[ \n\t]/g, ''));
    }),
    { numRuns },
  );
});

test('half a surrogate pair becomes U+FFFD, in names as in values; whole pairs stay', (t) => {
  t.deepEqual(parseExactJson(String.raw`{"a\ud800":"b\udc00","\ud83d\ude00":{"\uDFFF":[{"x\udbff":1}]}}`), {
    'a\ufffd': 'b\ufffd',
    '\u{1f600}': { '\ufffd': [{ 'x\ufffd': 1 }] },
  });
  t.is(parseExactJson('"\ud800"'), '\ufffd');
});

test('of two members of one name the last counts, also where they are one only afterwards', (t) => {
  t.deepEqual(parseExactJson('{"a":1,"a":2}'), { a: 2 });
  t.deepEqual(parseExactJson(String.raw`{"\ud800":1,"\ud801":2}`), { '\ufffd': 2 });
});

test('a name of JavaScript’s own is a name like any other', (t) => {
  const read = parseExactJson(String.raw`{"__proto__":{"admin":true},"\ud800":1}`) as object;
  t.true(Object.hasOwn(read, '__proto__'));
  t.is((read as { readonly admin?: boolean }).admin, undefined);
});

test('what is no JSON, or too deep, is refused', (t) => {
  for (const text of ['', '{', '[1,]', 'NaN', '01', `${'['.repeat(201)}${']'.repeat(201)}`])
    t.throws(() => parseExactJson(text), { code: 'PDP_INPUT_MALFORMED' }, text);
});
