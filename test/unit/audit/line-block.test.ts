import test from 'ava';
import fc from 'fast-check';
import { bytesOf as bytesOfOne, countOf, LineCutter } from '../../../src/audit/line-block.ts';
import type { LineBlock, Lines } from '../../../src/audit/line-block.ts';

const bytesOf = (lines: readonly Lines[]): Buffer => Buffer.concat(lines.map(bytesOfOne));

test('lines and blocks are one run of bytes, counted line by line', (t) => {
  const block: LineBlock = { bytes: Buffer.from('b\nc\n'), count: 2 };
  t.is(bytesOf(['ä', block, 'd']).toString(), 'ä\nb\nc\nd\n');
  t.deepEqual(['a', block].map(countOf), [1, 2]);
});

test('a stream that is cut anywhere gives its whole lines in order, and never the unfinished last one', (t) => {
  const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ''));
  fc.assert(
    fc.property(fc.array(line), line, fc.array(fc.nat(40)), (lines, last, cuts) => {
      const bytes = Buffer.concat([bytesOf(lines), Buffer.from(last)]);
      const cutter = new LineCutter();
      const blocks: LineBlock[] = [];
      let at = 0;
      for (const length of [...cuts, bytes.byteLength]) {
        const block = cutter.cut(bytes.subarray(at, at + length));
        if (block) blocks.push(block);
        at += length;
      }
      t.deepEqual(Buffer.concat(blocks.map((block) => block.bytes)), bytesOf(lines));
      t.is(
        blocks.reduce((sum, block) => sum + block.count, 0),
        lines.length,
      );
    }),
    { numRuns: 200 * Number(process.env.SOAK_FACTOR ?? 1) },
  );
});
