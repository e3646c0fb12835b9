import test from 'ava';
import { isOfLock, markIn, markOf } from '../../../../src/server/processes/mark.ts';

const mark = markOf('64769-1234', '77-abcd');

test('a process of ours says whose it is at the end of its command line, behind an entry of the program', (t) => {
  t.is(markIn(['/usr/bin/node', '--no-warnings', '/srv/portreeve/worker-main.js', mark]), mark);
  t.is(markIn(['/usr/bin/node', '/home/dev/src/server/helpers/store-hand-main.ts', mark]), mark);
});

test('whoever only names such a mark is none of ours', (t) => {
  for (const args of [
    [],
    [mark],
    ['pgrep', '-f', mark],
    ['node', '/srv/portreeve/worker-main.js', mark, '--more'],
    ['node', '/srv/portreeve/worker-main.js'],
    ['node', '/srv/portreeve/worker-main.js', `x${mark}`],
  ])
    t.is(markIn(args), undefined, args.join(' '));
});

test('a mark is of the whole name of its lock, whichever run it was', (t) => {
  t.true(isOfLock(mark, '64769-1234'));
  t.true(isOfLock(markOf('64769-1234', '78-00'), '64769-1234'));
  t.false(isOfLock(mark, '64769-123'));
  t.false(isOfLock(mark, '64769-12345'));
});
