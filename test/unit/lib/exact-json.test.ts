import test from 'ava';
import { isRawNumber, parseExactJson } from '../../../src/lib/exact-json.ts';

test('a number keeps its digits where a double does not give them back', (t) => {
  const text = '[9007199254740993,1.0,1e400,-0,7,0.5]';
  const read = parseExactJson(text);
  t.is(JSON.stringify(read), text);
  t.deepEqual((read as readonly unknown[]).map(isRawNumber), [true, true, true, true, false, false]);
});

test('half a surrogate pair becomes U+FFFD, in names as in values; whole pairs stay', (t) => {
  t.deepEqual(parseExactJson(String.raw`{"a\ud800":"b\udc00","\ud83d\ude00":{"\uDFFF":[{"x\udbff":1}]}}`), {
    'a\ufffd': 'b\ufffd',
    '\u{1f600}': { '\ufffd': [{ 'x\ufffd': 1 }] },
  });
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
