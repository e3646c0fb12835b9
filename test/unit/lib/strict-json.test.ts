import test from 'ava';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { InexactNumber, isJsonObject, parseStrictJson } from '../../../src/lib/strict-json.ts';

const limits = { depth: 8, values: 100 };
const parse = (text: string) => parseStrictJson(text, limits);

test('JSON is read as the platform reads it', (t) => {
  for (const text of [
    'null',
    'true',
    'false',
    '0',
    '-7',
    '"x"',
    '""',
    '"\\u0041\\n\\"\\\\"',
    '[]',
    '[1,[2,[]]]',
    '{}',
    ' { "a" : [ 1 , "b" , { "c" : null } ] } ',
    '"\ud83d\ude00"',
    '9007199254740991',
  ]) {
    t.deepEqual(JSON.parse(JSON.stringify(parse(text))), JSON.parse(text), text);
  }
});

test('what the platform refuses is refused', (t) => {
  for (const text of [
    '',
    ' ',
    '{',
    '}',
    '[1,]',
    '{"a":1,}',
    '{"a" 1}',
    '{a:1}',
    "{'a':1}",
    '01',
    '+1',
    '.5',
    '1.',
    '0x1',
    'NaN',
    'Infinity',
    'nul',
    'truex',
    '"\n"',
    '"\\x"',
    '"',
    '"\\"',
    '[1 2]',
    '{"a":1 "b":2}',
    '1 2',
    '\ufeff{}',
    '\u00a01',
    '{"a":}',
    '[,1]',
  ]) {
    t.throws(() => JSON.parse(text) as unknown, undefined, `the platform takes ${text}`);
    t.throws(() => parse(text), { instanceOf: PortreeveError, code: 'PDP_INPUT_MALFORMED' }, text);
  }
});

test('a name that is there twice is refused, however it is spelled', (t) => {
  t.throws(() => parse('{"a":1,"a":2}'), { message: /"a" twice/ });
  t.throws(() => parse('{"a":1,"\\u0061":2}'), { message: /"a" twice/ });
  t.throws(() => parse('[{"b":{"a":1,"a":1}}]'), { message: /twice/ });
  t.notThrows(() => parse('{"a":{"a":1},"b":{"a":1}}'));
});

test("names of the language's own are names like others", (t) => {
  const value = parse('{"__proto__":{"x":1},"constructor":2,"toString":3}');
  t.true(isJsonObject(value));
  t.is(Object.getPrototypeOf(value), null);
  t.deepEqual(Object.keys(value as object), ['__proto__', 'constructor', 'toString']);
  t.is(({} as { x?: number }).x, undefined);
});

test('a number that is no exact integer is kept as its text', (t) => {
  for (const text of ['1.0', '1e3', '1E3', '-0.5', '9007199254740992', '1e400']) {
    const value = parse(text);
    t.true(value instanceof InexactNumber && value.text === text, text);
    t.false(isJsonObject(value));
  }
});

test('lone surrogates are refused, written or escaped', (t) => {
  t.throws(() => parse('"\ud800"'), { message: /well-formed/ });
  t.throws(() => parse('"\\ud800"'), { message: /a string that is none/ });
});

test('depth and number of values are bounded', (t) => {
  t.notThrows(() => parse('[[[[[[[[1]]]]]]]]'));
  t.throws(() => parse('[[[[[[[[[1]]]]]]]]]'), { message: /deeper than 8/ });
  t.throws(() => parse('['.repeat(100_000)), { message: /deeper than 8/ });
  t.throws(() => parse(`[${Array(100).fill(0).join()}]`), { message: /more than 100 values/ });
});
