import test from 'ava';
import { LineBatch } from '../../../../src/server/records/line-batch.ts';

test('a batch is its lines in order, each with its line feed, whatever their characters', (t) => {
  const batch = new LineBatch();
  const lines = ['a', '', 'é€😀', '{"b":1}'];
  for (const line of lines) batch.add(line);
  t.is(batch.count, 4);
  t.is(batch.bytes().toString(), lines.map((line) => `${line}\n`).join(''));
  batch.release();
});

test('a batch takes more than it had room for at first', (t) => {
  const batch = new LineBatch();
  const lines = Array.from({ length: 40 }, (_, index) => `${index}${'€'.repeat(3_000)}`);
  for (const line of lines) batch.add(line);
  t.is(batch.bytes().toString(), lines.map((line) => `${line}\n`).join(''));
  batch.release();
});

test('memory that was given back is used again, and what stood in it is of no next batch', (t) => {
  const first = new LineBatch();
  first.add('first');
  const { buffer } = first.bytes();
  first.release();
  const second = new LineBatch();
  t.is(second.bytes().buffer, buffer);
  t.is(second.bytes().byteLength, 0);
  second.add('2');
  t.is(second.bytes().toString(), '2\n');
  const third = new LineBatch();
  t.not(third.bytes().buffer, buffer);
});
