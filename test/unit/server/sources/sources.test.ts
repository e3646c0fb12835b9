import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readSourceStates } from '../../../../src/store/source-states.ts';
import { httpSource, serves } from '../../../helpers/http-source.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';
import { hour, minute, sourceAt, start, startBench, urlOf } from './bench.ts';

test('a source is asked at once, then about its interval later, and on a condition', async (t) => {
  const source = await httpSource(t, serves('one', '"1"'));
  const applied: string[] = [];
  const bench = await startBench(t, [sourceAt(urlOf(`${source.origin}/d`), applied)]);
  await bench.sources.look();
  t.deepEqual(applied, ['one']);
  t.deepEqual(bench.incoming(), [], 'what was applied is not left behind');
  await bench.after(hour - 1);
  t.is(source.asked.length, 1);
  await bench.after(1);
  t.is(source.asked.length, 2);
  t.is(source.asked[1]?.headers['if-none-match'], '"1"');
  t.deepEqual(applied, ['one']);
  const [view] = bench.sources.views();
  t.like(view, {
    last_success: '2026-06-01T13:00:00.000Z',
    last_change: '2026-06-01T12:00:00.000Z',
    next_fetch: '2026-06-01T14:00:00.000Z',
    age_s: 0,
    stale: false,
    failures: 0,
    error: null,
  });
});

test('the same bytes are not applied again, also where the server knows no conditions', async (t) => {
  const source = await httpSource(
    t,
    (_request, response) => void response.setHeader('content-length', 3).end('one'),
  );
  const applied: string[] = [];
  const bench = await startBench(t, [sourceAt(urlOf(source.origin), applied)]);
  await bench.sources.look();
  await bench.after(hour);
  t.is(source.asked.length, 2);
  t.deepEqual(applied, ['one']);
});

test('the same bytes are asked for at once, and applied, where they are to be read in another way', async (t) => {
  const source = await httpSource(t, serves('one', '"1"'));
  const applied: string[] = [];
  const specs = [sourceAt(urlOf(source.origin), applied, { reading: 'changes' })];
  const bench = await startBench(t, specs);
  await bench.sources.look();
  await bench.after(minute);
  t.is(source.asked.length, 1);
  specs[0] = sourceAt(urlOf(source.origin), applied, { reading: 'whole' });
  bench.sources.reconfigure();
  await bench.after(0);
  t.is(source.asked[1]?.headers['if-none-match'], undefined);
  t.deepEqual(applied, ['one', 'one']);
  await bench.after(minute);
  t.is(source.asked.length, 2);
});

test('what was left undone is done at the next time, although the bytes are the same', async (t) => {
  const source = await httpSource(t, serves('one', '"1"'));
  const applied: string[] = [];
  const bench = await startBench(t, [sourceAt(urlOf(source.origin), applied, {}, { again: true })]);
  await bench.sources.look();
  await bench.after(hour);
  t.deepEqual(applied, ['one', 'one']);
});

test('a source that fails is asked again after growing pauses, and what it said before stays', async (t) => {
  const source = await httpSource(t, serves('one', '"1"'));
  const applied: string[] = [];
  const bench = await startBench(t, [sourceAt(urlOf(source.origin), applied, { max_age: 90 * minute })]);
  await bench.sources.look();
  source.answer((_request, response) => void response.writeHead(500).end());
  await bench.after(hour);
  await bench.after(3749);
  t.is(source.asked.length, 2);
  await bench.after(1);
  t.is(source.asked.length, 3);
  t.like(bench.sources.views()[0], {
    failures: 2,
    last_success: '2026-06-01T12:00:00.000Z',
    age_s: 3603,
    stale: false,
    error: { code: 'PDP_SOURCE_UNAVAILABLE', message: `${source.origin}/: answers 500` },
  });
  t.is(bench.log.filter((line) => line.includes('answers 500')).length, 1, 'the same failure is logged once');
  await bench.after(hour);
  t.true(bench.sources.views()[0]?.stale, 'older than its max_age');
  source.answer(serves('two', '"2"'));
  await bench.after(hour);
  t.deepEqual(applied, ['one', 'two']);
  t.like(bench.sources.views()[0], { failures: 0, error: null, stale: false });
  t.true(bench.log.some((line) => line.includes('is read again')));
});

test('what apply refuses is a failure of the source, and is offered again', async (t) => {
  const source = await httpSource(t, serves('bad', '"1"'));
  const spec = sourceAt(urlOf(source.origin), [], {
    apply: () => Promise.reject(new Error('row 3 is no device')),
  });
  const bench = await startBench(t, [spec]);
  await bench.sources.look();
  t.like(bench.sources.views()[0], {
    last_success: null,
    stale: true,
    error: { message: 'row 3 is no device' },
  });
  t.deepEqual(bench.incoming(), []);
  await bench.after(minute);
  t.is(source.asked[1]?.headers['if-none-match'], undefined, 'what was refused is not known');
});

test('what is too large is refused, and nothing of it stays', async (t) => {
  const source = await httpSource(
    t,
    (_request, response) => void response.writeHead(200).end('x'.repeat(2000)),
  );
  const applied: string[] = [];
  const bench = await startBench(t, [sourceAt(urlOf(source.origin), applied, { max_bytes: 1024 })]);
  await bench.sources.look();
  t.is(bench.sources.views()[0]?.error?.code, 'PDP_SOURCE_REFUSED');
  t.deepEqual(applied, []);
  t.deepEqual(bench.incoming(), []);
});

test('what ends by its own word is asked for at half of that time', async (t) => {
  const source = await httpSource(t, serves('one', '"1"'));
  const spec = sourceAt(urlOf(source.origin), [], { interval: 24 * hour }, { renewBy: start + 2 * hour });
  const bench = await startBench(t, [spec]);
  await bench.sources.look();
  t.is(bench.sources.views()[0]?.next_fetch, '2026-06-01T13:00:00.000Z');
  await bench.after(hour);
  t.is(bench.sources.views()[0]?.next_fetch, '2026-06-01T13:30:00.000Z', 'also when nothing has changed');
});

test('one attempt at a time, whoever asks', async (t) => {
  const answer = Promise.withResolvers<void>();
  const source = await httpSource(t, (request, response) => {
    void answer.promise.then(() => serves('one')(request, response));
  });
  const bench = await startBench(t, [sourceAt(urlOf(source.origin), [])]);
  const first = bench.sources.look();
  while (source.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const later = [bench.sources.look(), bench.after(hour)];
  await new Promise((resolve) => setTimeout(resolve, 50));
  answer.resolve();
  await Promise.all([first, ...later]);
  t.is(source.asked.length, 1);
});

test('refresh asks everybody now, also whoever failed a moment ago', async (t) => {
  const source = await httpSource(t, (_request, response) => void response.writeHead(500).end());
  const specs = Array.from({ length: 20 }, (_, index) =>
    sourceAt(urlOf(`${source.origin}/${index}`), [], { name: `number-${index}` }),
  );
  const bench = await startBench(t, specs);
  await bench.sources.refresh();
  t.is(new Set(source.asked.map(({ path }) => path)).size, 20);
  source.answer(serves('one'));
  await bench.sources.refresh();
  t.true(bench.sources.views().every(({ error }) => error === null));
});

test('a file is read at once, again when it is replaced, and else not before its time', async (t) => {
  const file = join(temporaryFolder(t), 'devices.ndjson');
  const applied: string[] = [];
  const bench = await startBench(t, [sourceAt({ file }, applied)]);
  await bench.sources.look();
  t.regex(bench.sources.views()[0]?.error?.message ?? '', /ENOENT/);
  writeFileSync(file, 'one');
  await bench.sources.look();
  writeFileSync(file, 'second');
  await bench.sources.look();
  await bench.sources.look();
  t.deepEqual(applied, ['one', 'second']);
});

test('what is known outlives a restart: validators, age, the next time', async (t) => {
  const source = await httpSource(t, serves('one', '"1"'));
  const applied: string[] = [];
  const spec = sourceAt(urlOf(source.origin), applied);
  const first = await startBench(t, [spec]);
  await first.sources.look();
  await first.sources.stop();
  const second = await startBench(t, [spec], { store: first.store, clock: first.clock });
  await second.sources.look();
  t.is(source.asked.length, 1, 'it is not time yet');
  await second.after(hour);
  t.is(source.asked[1]?.headers['if-none-match'], '"1"');
  t.deepEqual(applied, ['one']);
});

test('a source that moved begins anew, and one that is configured no more is forgotten', async (t) => {
  const source = await httpSource(t, serves('one', '"1"'));
  const applied: string[] = [];
  const at = (path: string) => sourceAt(urlOf(`${source.origin}${path}`), applied);
  const first = await startBench(t, [at('/a')]);
  await first.sources.look();
  const second = await startBench(t, [at('/b')], first);
  await second.sources.look();
  t.is(source.asked[1]?.headers['if-none-match'], undefined);
  await startBench(t, [], first);
  t.deepEqual(readSourceStates(first.store), []);
});

test('a time that was noted by a clock that has since been put back keeps nobody waiting for years', async (t) => {
  const source = await httpSource(t, serves('one', '"1"'));
  const bench = await startBench(t, [sourceAt(urlOf(source.origin), [])]);
  bench.clock.set(start + 10 * 365 * 24 * hour);
  await bench.sources.look();
  bench.clock.set(start);
  await bench.sources.look();
  t.is(source.asked.length, 2);
});

test('a slow source keeps no other one waiting, and ends with the server', async (t) => {
  const slow = await httpSource(t, () => undefined);
  const quick = await httpSource(t, serves('one'));
  const applied: string[] = [];
  const bench = await startBench(t, [
    sourceAt(urlOf(slow.origin), [], { name: 'slow' }),
    sourceAt(urlOf(quick.origin), applied, { name: 'quick' }),
  ]);
  const looking = bench.sources.look();
  while (bench.sources.views()[1]?.last_success === null)
    await new Promise((resolve) => setTimeout(resolve, 5));
  t.deepEqual(applied, ['one']);
  await bench.sources.stop();
  await looking;
  t.is(bench.sources.views()[0]?.error, null, 'an end from our side is no failure of theirs');
});

test('headers of a file are sent, anew each time, and never told', async (t) => {
  const headers = join(temporaryFolder(t), 'headers');
  const source = await httpSource(t, (_request, response) => void response.writeHead(500).end());
  const location = { url: source.origin, ca: null, headers_file: headers };
  const bench = await startBench(t, [sourceAt(location, [])]);
  writeFileSync(headers, '# token\nAuthorization: Bearer first\nX-Site:lyon \n');
  await bench.sources.look();
  t.like(source.asked[0]?.headers, { authorization: 'Bearer first', 'x-site': 'lyon' });
  writeFileSync(headers, 'Authorization: Bearer second\n');
  await bench.sources.refresh();
  t.is(source.asked[1]?.headers.authorization, 'Bearer second');
  for (const wrong of ['Bearer third', 'Host: evil', 'A: 1\nA: 2', 'Bad Name: x', 'A: \u0001']) {
    writeFileSync(headers, wrong);
    await bench.sources.refresh();
    const { error } = bench.sources.views()[0] ?? {};
    t.is(error?.code, 'PDP_SOURCE_REFUSED', wrong);
    t.false(error?.message.includes('third'));
  }
  t.is(source.asked.length, 2);
});

test('however many sources stand on a server that does not answer, those elsewhere are asked', async (t) => {
  const silent = await httpSource(t, () => undefined);
  const file = join(temporaryFolder(t), 'state');
  writeFileSync(file, 'one');
  const applied: string[] = [];
  const many = Array.from({ length: 20 }, (_, place) =>
    sourceAt(urlOf(`${silent.origin}/${place}`), [], { name: `part ${place}`, timeout: hour }),
  );
  const bench = await startBench(t, [...many, sourceAt({ file }, applied, { name: 'last' })]);
  void bench.sources.look();
  while (applied.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  t.deepEqual(applied, ['one']);
  t.true(silent.asked.length <= 3);
});

test('sources that wait for room are asked as soon as there is some', async (t) => {
  const source = await httpSource(t, serves('one'));
  const applied: string[] = [];
  const many = Array.from({ length: 20 }, (_, place) =>
    sourceAt(urlOf(`${source.origin}/${place}`), applied, { name: `part ${place}` }),
  );
  const bench = await startBench(t, many);
  void bench.sources.look();
  while (applied.length < 20) await new Promise((resolve) => setTimeout(resolve, 5));
  t.is(source.asked.length, 20);
});
