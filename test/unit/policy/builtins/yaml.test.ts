import test from 'ava';
import { writeValue } from '../../../../src/policy/builtins/write-value.ts';
import { readYaml } from '../../../../src/policy/builtins/yaml/read.ts';

const read = (text: string): string => writeValue(readYaml(text));

test('an alias is the value of the anchor that stands last before it', (t) => {
  t.is(read('[&a 1, *a, &a 2, *a]'), '[1,1,2,2]');
  t.is(read('[&a [&a 1, 2], *a]'), '[[1,2],1]');
  t.is(read('{&k x: &v 1, y: *k, z: *v}'), '{"x":1,"y":"x","z":1}');
  t.is(read('a: &a {b: 1}\nc: {<<: *a, d: *a}\n'), '{"a":{"b":1},"c":{"b":1,"d":{"b":1}}}');
});

test('an alias of nothing, of what comes later, or of what it is part of is no value', (t) => {
  for (const text of ['*a', '[*a, &a 1]', '&a [*a]', '&a {b: *a}'])
    t.throws(() => readYaml(text), { name: 'OperandError' }, text);
});

test('as many aliases as a body can hold are read in one pass', (t) => {
  const many = 80_000;
  const value = readYaml(`[&a x${', *a'.repeat(many)}]`);
  t.is(Array.isArray(value) && value.length, many + 1);
});

test('aliases of aliases that make millions are over the limit', (t) => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const below = level === 0 ? 'x' : `*l${level - 1}`;
    return `l${level}: &l${level} [${Array(10).fill(below).join(', ')}]`;
  });
  t.throws(() => readYaml(levels.join('\n')), { name: 'BuiltinLimitError' });
});
