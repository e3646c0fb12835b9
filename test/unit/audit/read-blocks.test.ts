import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { linesOfBlock, recordBlocks } from '../../../src/audit/read-blocks.ts';

function fileOf(t: ExecutionContext, name: string, bytes: Uint8Array | string): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-blocks-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function linesOf(path: string): Promise<{ readonly line: number; readonly text: string }[]> {
  const lines: { readonly line: number; readonly text: string }[] = [];
  for await (const block of recordBlocks(path)) lines.push(...linesOfBlock(block));
  return lines;
}

test('lines are those of the file with their numbers, wherever pieces of it end, the last one without its end', async (t) => {
  const texts = Array.from({ length: 3000 }, (_, index) => `${index} ${'é'.repeat(index % 997)}`);
  const found = await linesOf(fileOf(t, 'a.ndjson', texts.join('\n')));
  t.deepEqual(
    found.map(({ text }) => text),
    texts,
  );
  t.deepEqual(
    found.map(({ line }) => line),
    texts.map((_, index) => index + 1),
  );
});

test('empty lines are left out and count', async (t) => {
  t.deepEqual(await linesOf(fileOf(t, 'a', '\na\n\n\nb\n')), [
    { line: 2, text: 'a' },
    { line: 5, text: 'b' },
  ]);
});

test('a packed file is unpacked, and one that is cut off is refused by name', async (t) => {
  const packed = gzipSync('a\nb\n');
  t.is((await linesOf(fileOf(t, 'a.gz', packed))).length, 2);
  const cut = fileOf(t, 'b.gz', packed.subarray(0, packed.length - 6));
  await t.throwsAsync(linesOf(cut), { code: 'PDP_INPUT_MALFORMED', message: /b\.gz/ });
});

test('a line of more than 8 MiB is refused by file and line', async (t) => {
  const path = fileOf(t, 'long', `a\n${'x'.repeat(8 * 1024 * 1024 + 2)}`);
  await t.throwsAsync(linesOf(path), { code: 'PDP_INPUT_MALFORMED', message: /long:2: / });
});

test('of a file that grows what was there is read, without a line that was being written', async (t) => {
  const path = fileOf(t, 'a', '{"a":1}\n{"b":2}\n{"c":3}');
  const read = async (size: number): Promise<string[]> => {
    const texts: string[] = [];
    for await (const block of recordBlocks(path, undefined, size)) {
      for (const { text } of linesOfBlock(block)) texts.push(text);
    }
    return texts;
  };
  t.deepEqual(await read(0), []);
  t.deepEqual(await read(12), ['{"a":1}']);
  t.deepEqual(await read(16), ['{"a":1}', '{"b":2}']);
  t.deepEqual(await read(23), ['{"a":1}', '{"b":2}', '{"c":3}']);
});

test('the memory of a block is its own, so that a thread may have it', async (t) => {
  const path = fileOf(t, 'a', 'a\nb\n');
  for await (const { bytes } of recordBlocks(path)) {
    t.is(bytes.byteOffset, 0);
    t.is(bytes.buffer.byteLength, bytes.byteLength);
  }
});
