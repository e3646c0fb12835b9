import test from 'ava';
import { UnknownClasses } from '../../../src/cli/device/unknown-classes.ts';

test('a file with another class in every row is told in bounded length, every row counted', (t) => {
  const unknown = new UnknownClasses(new Set(['meter']));
  for (const index of Array(1000).keys()) unknown.note(`c${index}`);
  unknown.note('meter');
  unknown.note('c7');
  const warnings = unknown.warnings();
  t.is(warnings.length, 101);
  t.like(warnings[0], { class: 'c7', rows: 2 });
  t.like(warnings.at(-1), { class: '', rows: 900 });
  t.is(
    warnings.reduce((sum, { rows }) => sum + rows, 0),
    1001,
  );
});
