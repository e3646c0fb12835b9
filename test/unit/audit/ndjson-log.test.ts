import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openNdjsonLog } from '../../../src/audit/ndjson-log.ts';
import type { LogOptions, NdjsonLog } from '../../../src/audit/ndjson-log.ts';
import { withFullDevice } from '../../helpers/raw-volume.ts';

function logIn(
  t: ExecutionContext,
  options: Partial<LogOptions> = {},
): { log: NdjsonLog; path: string; again: () => NdjsonLog } {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-log-'));
  const path = join(folder, 'deeper', 'audit.ndjson');
  const again = () => openNdjsonLog({ path, rotateBytes: 1_000_000, keep: 3, ...options });
  const log = again();
  t.teardown(async () => {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { log, path, again };
}

const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1);

test('lines are appended in the order of the calls, each with its line feed', async (t) => {
  const { log, path } = logIn(t);
  await Promise.all([log.append(['a', 'b']), log.append([]), log.append(['c'])]);
  t.is(readFileSync(path, 'utf8'), 'a\nb\nc\n');
});

test('nothing is made before the first line', async (t) => {
  const { log, path } = logIn(t);
  await log.append([]);
  t.false(existsSync(path));
});

test('after a restart lines follow those that are there', async (t) => {
  const { log, path, again } = logIn(t);
  await log.append(['a']);
  await log.close();
  const next = again();
  await next.append(['b']);
  await next.close();
  t.is(readFileSync(path, 'utf8'), 'a\nb\n');
});

test('a line torn by a crash is ended, and never joined to the next', async (t) => {
  const { log, path } = logIn(t);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '{"whole":1}\n{"to');
  await log.append(['{"next":2}']);
  t.deepEqual(linesOf(path), ['{"whole":1}', '{"to', '{"next":2}']);
  await log.append(['{"last":3}']);
  t.is(linesOf(path).length, 4);
});

test('a batch that would grow the file past its size begins a new one, and so many old ones are kept', async (t) => {
  const { log, path } = logIn(t, { rotateBytes: 10, keep: 2 });
  for (const line of ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee', 'ffff', 'gggg']) await log.append([line]);
  t.deepEqual(linesOf(path), ['gggg']);
  t.deepEqual(linesOf(`${path}.1`), ['eeee', 'ffff']);
  t.deepEqual(linesOf(`${path}.2`), ['cccc', 'dddd']);
  t.deepEqual(readdirSync(join(path, '..')).sort(), ['audit.ndjson', 'audit.ndjson.1', 'audit.ndjson.2']);
});

test('the size counts from what a restart finds', async (t) => {
  const { log, path, again } = logIn(t, { rotateBytes: 10, keep: 1 });
  await log.append(['aaaa', 'bb']);
  await log.close();
  const next = again();
  await next.append(['cccc']);
  await next.close();
  t.deepEqual(linesOf(path), ['cccc']);
  t.deepEqual(linesOf(`${path}.1`), ['aaaa', 'bb']);
});

test('with keep 0 only the current file remains', async (t) => {
  const { log, path } = logIn(t, { rotateBytes: 4, keep: 0 });
  await log.append(['aaaa']);
  await log.append(['bbbb']);
  t.deepEqual(linesOf(path), ['bbbb']);
  t.deepEqual(readdirSync(join(path, '..')), ['audit.ndjson']);
});

test('a batch larger than the size is written whole', async (t) => {
  const { log, path } = logIn(t, { rotateBytes: 4 });
  await log.append(['a long line', 'and another']);
  t.is(linesOf(path).length, 2);
});

test('a gap that a killed rotation left is closed by the next', async (t) => {
  const { log, path } = logIn(t, { rotateBytes: 4, keep: 3 });
  await log.append(['aaaa']);
  appendFileSync(`${path}.2`, 'older\n');
  await log.append(['bbbb']);
  t.deepEqual(linesOf(`${path}.1`), ['aaaa']);
  t.deepEqual(linesOf(`${path}.3`), ['older']);
});

test('what cannot be written is PDP_AUDIT_UNAVAILABLE naming the file, and the next call tries anew', async (t) => {
  const { log, path } = logIn(t);
  mkdirSync(path, { recursive: true });
  const error = await t.throwsAsync(log.append(['a']), { code: 'PDP_AUDIT_UNAVAILABLE' });
  t.true(error.message.includes(path));
  rmSync(path, { recursive: true });
  await log.append(['b']);
  t.deepEqual(linesOf(path), ['b']);
});

test('one failed call does not fail those that wait behind it', async (t) => {
  const { log, path } = logIn(t);
  mkdirSync(path, { recursive: true });
  const first = log.append(['a']).catch((thrown: { code: string }) => {
    rmSync(path, { recursive: true });
    return thrown.code;
  });
  t.is(await first, 'PDP_AUDIT_UNAVAILABLE');
  await Promise.all([log.append(['b']), log.append(['c'])]);
  t.deepEqual(linesOf(path), ['b', 'c']);
});

withFullDevice('a full volume is PDP_AUDIT_UNAVAILABLE', async (t) => {
  const log = openNdjsonLog({ path: '/dev/full', rotateBytes: 1000, keep: 1 });
  await t.throwsAsync(log.append(['a']), { code: 'PDP_AUDIT_UNAVAILABLE', message: /ENOSPC|no space/ });
  await log.close();
});

for (const [how, leave] of [
  ['moved away', (path: string) => renameSync(path, `${path}.old`)],
  ['removed', (path: string) => rmSync(path)],
  ['replaced by another', (path: string) => (renameSync(path, `${path}.old`), writeFileSync(path, 'b\n'))],
] as const) {
  test(`a file that was ${how} is left, the path opened anew, and that told once`, async (t) => {
    const told: string[] = [];
    const { log, path } = logIn(t, { onReplaced: (problem) => told.push(problem) });
    await log.append(['a']);
    leave(path);
    await log.append(['c']);
    await log.append(['d']);
    t.deepEqual(linesOf(path), how === 'replaced by another' ? ['b', 'c', 'd'] : ['c', 'd']);
    t.is(told.length, 1);
    t.true(told[0]?.includes(path));
  });
}

test('lines that are being written while their file is removed are written again', async (t) => {
  const { log, path } = logIn(t);
  await log.append(['first']);
  const lines = Array.from({ length: 300 }, (_, index) => `line ${index}`);
  const found: string[] = [];
  for (const line of lines) {
    const appended = log.append([line]);
    // At any moment of the call; what was in the file before is read first.
    await new Promise((resolve) => setImmediate(resolve));
    if (existsSync(path)) {
      renameSync(path, `${path}.gone`);
      found.push(...linesOf(`${path}.gone`));
      rmSync(`${path}.gone`);
    }
    await appended;
    if (existsSync(path)) found.push(...linesOf(path));
  }
  t.deepEqual(
    lines.filter((line) => !found.includes(line)),
    [],
  );
});

test('a file that others have cut short counts with what is left of it', async (t) => {
  const { log, path } = logIn(t, { rotateBytes: 10 });
  await log.append(['aaaa', 'bbb']);
  truncateSync(path);
  await log.append(['cccc']);
  t.deepEqual(linesOf(path), ['cccc']);
  t.false(existsSync(`${path}.1`));
});

test('opened anew, the log writes to what is then at its path, without a word', async (t) => {
  const told: string[] = [];
  const { log, path } = logIn(t, { onReplaced: (problem) => told.push(problem) });
  await log.append(['a']);
  renameSync(path, `${path}.old`);
  await log.reopen();
  await log.append(['b']);
  t.deepEqual(linesOf(path), ['b']);
  t.deepEqual(told, []);
});
