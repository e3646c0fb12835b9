import test from 'ava';
import { bytesOf } from '../../../../src/audit/line-block.ts';
import { PortreeveError } from '../../../../src/lib/errors.ts';
import { createRecordWriter } from '../../../../src/server/records/record-writer.ts';
import type { RecordWriter } from '../../../../src/server/records/record-writer.ts';

/** A log in memory that fails while it is told to, and after one of its lines, and does not take another. */
function written(maxWaiting = 100): {
  lines: string[];
  told: boolean[];
  lost: number[];
  closed: boolean[];
  fail: (yes: boolean) => void;
  writer: RecordWriter;
} {
  const [lines, told, lost, closed]: [string[], boolean[], number[], boolean[]] = [[], [], [], []];
  let failing = false;
  const writer = createRecordWriter({
    log: {
      append: async (batch) => {
        if (failing) throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', 'no space');
        const texts = batch.flatMap((one) => Buffer.from(bytesOf(one)).toString().trimEnd().split('\n'));
        if (texts.includes('long')) throw new PortreeveError('PDP_LIMIT_EXCEEDED', 'too long');
        lines.push(...texts);
        if (texts.includes('fails after')) failing = true;
      },
      reopen: () => undefined,
      close: (complete) => void closed.push(complete),
    },
    onWritable: (writable) => void told.push(writable),
    onWritten: () => undefined,
    onLost: (count) => void lost.push(count),
    retryMs: 5,
    maxWaiting,
  });
  return { lines, told, lost, closed, writer, fail: (yes) => void (failing = yes) };
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};

test('lines are written in the order in which they came', async (t) => {
  const { lines, writer } = written();
  writer.write(['1', '2']);
  writer.write(['3']);
  await writer.close();
  t.deepEqual(lines, ['1', '2', '3']);
  t.deepEqual({ ...writer.stats }, { written: 3, lost: 0, waiting: 0 });
});

test('a log is closed as complete where nothing is left that was to be written, and only there', async (t) => {
  const whole = written();
  whole.writer.write(['1']);
  await whole.writer.close();
  t.deepEqual(whole.closed, [true]);
  const failing = written();
  failing.fail(true);
  failing.writer.write(['1', '2']);
  await failing.writer.close();
  t.deepEqual([failing.closed, failing.lost], [[false], [2]]);
});

test('a log that cannot be written is told once; its lines are kept and written later, in order', async (t) => {
  const { lines, told, writer, fail } = written();
  fail(true);
  writer.write(['1']);
  await until(() => !writer.writable());
  writer.write(['2']);
  t.is(writer.lastError()?.message, 'no space');
  t.deepEqual(told, [false]);
  fail(false);
  await until(() => writer.writable());
  await writer.close();
  t.deepEqual(told, [false, true]);
  t.deepEqual(lines, ['1', '2']);
  t.is(writer.lastError(), undefined);
});

const block = (...lines: readonly string[]) => ({
  bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')),
  count: lines.length,
});

test('blocks of lines count as many as they hold, and each is told of once it stands in the log', async (t) => {
  const { lines, writer, fail } = written();
  const told: string[] = [];
  fail(true);
  writer.take(block('1', '2'), () => told.push(`first, of ${lines.length}`));
  writer.take(block('3'), () => told.push(`second, of ${lines.length}`));
  await until(() => !writer.writable());
  t.deepEqual(told, []);
  fail(false);
  await until(() => writer.writable());
  t.deepEqual(told, ['first, of 3', 'second, of 3']);
  t.deepEqual(lines, ['1', '2', '3']);
  t.deepEqual({ ...writer.stats }, { written: 3, lost: 0, waiting: 0 });
  await writer.close();
});

test("a worker's records are never lost for want of room, unlike the parent's own lines", async (t) => {
  const { lines, lost, writer } = written(3);
  writer.take(block('1', '2'), () => undefined);
  writer.take(block('3', '4'), () => undefined);
  writer.write(['5']);
  await writer.close();
  t.deepEqual(lines, ['1', '2', '3', '4']);
  t.deepEqual(lost, [1]);
});

test('beyond what may wait the newest lines are lost, and counted', async (t) => {
  const { lost, writer, fail } = written(2);
  fail(true);
  writer.write(['1']);
  await until(() => !writer.writable());
  writer.write(['2', '3', '4']);
  t.deepEqual(lost, [2]);
  t.is(writer.stats.waiting, 2);
  await writer.close();
  t.is(writer.stats.lost, 4);
});

test('a record that the log does not take is lost alone, and whoever sent it is told where it was', async (t) => {
  const { lines, lost, writer } = written();
  const told: unknown[] = [];
  const take = (...of: readonly string[]): void => {
    const one = block(...of);
    const release = (): void => void told.push('released');
    writer.take({ ...one, release }, (refused) => told.push([of.length, refused?.map(lineAt(one.bytes))]));
  };
  take('1', '2', '3');
  take('4', 'long', '5', '6', '7', 'long');
  take('long');
  writer.write(['8', 'long']);
  take('9');
  await writer.close();
  t.deepEqual(lines, ['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  t.deepEqual(told, [
    [3, undefined],
    'released',
    [6, ['5', 'the end']],
    'released',
    [1, ['the end']],
    'released',
    [1, undefined],
    'released',
  ]);
  t.is(lost.length, 4);
  t.deepEqual({ ...writer.stats }, { written: 9, lost: 4, waiting: 0 });
});

/** The line that begins at a place. */
const lineAt =
  (bytes: Buffer) =>
  (place: number): string | undefined =>
    place === bytes.byteLength ? 'the end' : bytes.subarray(place).toString().split('\n')[0];

test('what is left of a block from which a record was lost is kept while the log cannot be written', async (t) => {
  const { lines, writer, fail } = written();
  const told: unknown[] = [];
  writer.take(block('1', 'fails after', 'long', '2'), (refused) => told.push(refused));
  writer.take(block('3'), (refused) => told.push(refused));
  await until(() => !writer.writable());
  t.deepEqual([lines, told], [['1', 'fails after'], []]);
  fail(false);
  await until(() => writer.stats.waiting === 0);
  t.deepEqual(lines, ['1', 'fails after', '2', '3']);
  t.deepEqual(told, [[19], undefined]);
  await writer.close();
});
