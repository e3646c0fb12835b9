import test from 'ava';
import { painter, plain, table } from '../../../src/cli/output.ts';

test('a table aligns columns, numbers to the right, and shows nothing as a dash', (t) => {
  const text = table(
    ['name', 'count'],
    [
      ['a', 5],
      ['longer', 1234],
      [null, null],
    ],
    painter(false),
  );
  t.is(text, 'name    count\na           5\nlonger   1234\n-       -\n');
});

test('colour does not count in a column’s width', (t) => {
  const rows = [[{ text: 'ok', tone: 'good' as const }, 'x']];
  const painted = table(['state', 'y'], rows, painter(true));

  t.is(painted.replaceAll(/\u001b\[\d+m/g, ''), table(['state', 'y'], rows, painter(false)));
  t.regex(painted, /\u001b\[32mok {3}\u001b\[39m/);
});

test('text from outside cannot steer the terminal', (t) => {
  t.is(plain('a\u001b[31mb\r\n\u202ec'), 'a\\u001b[31mb\\u000d\\u000a\\u202ec');
  t.is(plain('Käse 汉字'), 'Käse 汉字');
});
