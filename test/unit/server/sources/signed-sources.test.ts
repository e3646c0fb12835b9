import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readSourceStates } from '../../../../src/store/source-states.ts';
import { toldApart } from '../../../../src/server/sources/file-or-url.ts';
import { httpSource, servesPaths } from '../../../helpers/http-source.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';
import { hour, newSigner, sourceAt, start, startBench, urlOf } from './bench.ts';

test('a signed source is applied, and not fetched again while its statement names the same bytes', async (t) => {
  const signer = newSigner(t);
  const source = await httpSource(t, servesPaths({ '/d': 'one', '/d.jws': await signer.sign('one', 7) }));
  const applied: string[] = [];
  const bench = await startBench(t, [
    sourceAt(urlOf(`${source.origin}/d`), applied, { signed_by: signer.keyFile }),
  ]);
  await bench.sources.look();
  await bench.after(hour);
  t.deepEqual(applied, ['one']);
  t.deepEqual(
    source.asked.map(({ path }) => path),
    ['/d.jws', '/d', '/d.jws'],
  );
  t.is(bench.sources.views()[0]?.sequence, 7);
  source.answer(servesPaths({ '/d': 'two', '/d.jws': await signer.sign('two', 8) }));
  await bench.after(hour);
  t.deepEqual(applied, ['one', 'two']);
});

test('a sequence never goes back, nor stands for other bytes, also after a restart', async (t) => {
  const signer = newSigner(t);
  const source = await httpSource(t, servesPaths({ '/d': 'one', '/d.jws': await signer.sign('one', 7) }));
  const applied: string[] = [];
  const spec = sourceAt(urlOf(`${source.origin}/d`), applied, { signed_by: signer.keyFile });
  const first = await startBench(t, [spec]);
  await first.sources.look();
  await first.sources.stop();
  const bench = await startBench(t, [spec], { store: first.store, clock: first.clock });
  source.answer(servesPaths({ '/d': 'old', '/d.jws': await signer.sign('old', 6) }));
  await bench.after(hour);
  t.like(bench.sources.views()[0]?.error, { code: 'PDP_SOURCE_REFUSED' });
  t.regex(bench.sources.views()[0]?.error?.message ?? '', /sequence 6 goes back behind 7/);
  source.answer(servesPaths({ '/d': 'other', '/d.jws': await signer.sign('other', 7) }));
  await bench.sources.refresh();
  t.regex(bench.sources.views()[0]?.error?.message ?? '', /sequence 7 was other bytes before/);
  t.deepEqual(applied, ['one']);
});

test('a number counts from the moment that something under it was to be applied', async (t) => {
  const signer = newSigner(t);
  const source = await httpSource(t, servesPaths({ '/d': 'bad', '/d.jws': await signer.sign('bad', 9) }));
  const apply = () => Promise.reject(new Error('refused'));
  const spec = sourceAt(urlOf(`${source.origin}/d`), [], { signed_by: signer.keyFile, apply });
  const bench = await startBench(t, [spec]);
  await bench.sources.look();
  t.is(bench.sources.views()[0]?.sequence, 9);
  source.answer(servesPaths({ '/d': 'old', '/d.jws': await signer.sign('old', 8) }));
  await bench.sources.refresh();
  t.regex(bench.sources.views()[0]?.error?.message ?? '', /goes back behind 9/);
});

test('a sequence stays known although its source was taken out of the configuration for a time', async (t) => {
  const signer = newSigner(t);
  const source = await httpSource(t, servesPaths({ '/d': 'one', '/d.jws': await signer.sign('one', 7) }));
  const spec = sourceAt(urlOf(`${source.origin}/d`), [], { signed_by: signer.keyFile });
  const bench = await startBench(t, [spec]);
  await bench.sources.look();
  await startBench(t, [], bench);
  t.is(readSourceStates(bench.store)[0]?.sequence, 7);
});

test('bytes that are not those of the statement are refused, and so is a statement that is missing', async (t) => {
  const signer = newSigner(t);
  const source = await httpSource(t, servesPaths({ '/d': 'swapped', '/d.jws': await signer.sign('one', 7) }));
  const applied: string[] = [];
  const bench = await startBench(t, [
    sourceAt(urlOf(`${source.origin}/d`), applied, { signed_by: signer.keyFile }),
  ]);
  await bench.sources.look();
  t.regex(bench.sources.views()[0]?.error?.message ?? '', /is not what its statement 7 was signed for/);
  t.is(bench.sources.views()[0]?.sequence, null, 'a number without its bytes raises nothing');
  source.answer(servesPaths({ '/d': 'one' }));
  await bench.sources.refresh();
  t.regex(bench.sources.views()[0]?.error?.message ?? '', /d\.jws: answers 404/);
  t.deepEqual(applied, []);
});

test('a file is signed by the statement beside it', async (t) => {
  const signer = newSigner(t);
  const file = join(temporaryFolder(t), 'devices.csv');
  const applied: string[] = [];
  const bench = await startBench(t, [sourceAt({ file }, applied, { signed_by: signer.keyFile })]);
  writeFileSync(file, 'one');
  await bench.sources.look();
  t.deepEqual(applied, []);
  writeFileSync(`${file}.jws`, await signer.sign('one', 1));
  await bench.sources.look();
  t.deepEqual(applied, ['one'], 'a new statement is noticed as a new file is');
});

test('a statement that has ended counts no more', async (t) => {
  const signer = newSigner(t);
  const statement = await signer.sign('one', 1, { until: start + hour });
  const source = await httpSource(t, servesPaths({ '/d': 'one', '/d.jws': statement }));
  const bench = await startBench(t, [
    sourceAt(urlOf(`${source.origin}/d`), [], { signed_by: signer.keyFile }),
  ]);
  await bench.sources.look();
  t.is(bench.sources.views()[0]?.error, null);
  await bench.after(hour);
  t.regex(bench.sources.views()[0]?.error?.message ?? '', /ended at 2026-06-01T13:00:00.000Z/);
});

test('what is signed for one source is not taken for another one of the same key', async (t) => {
  const signer = newSigner(t);
  const folder = temporaryFolder(t);
  const applied: string[] = [];
  const signedBy = (name: string) =>
    sourceAt({ file: join(folder, name) }, applied, { name, signed_by: signer.keyFile });
  const bench = await startBench(t, toldApart([signedBy('office'), signedBy('plant')]));
  const put = async (name: string, text: string, more: { readonly name?: string }): Promise<void> => {
    writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, `${name}.jws`), await signer.sign(text, 7, more));
  };
  await put('office', 'of the office', { name: 'office' });
  await put('plant', 'of the office', { name: 'office' });
  await bench.sources.look();
  t.deepEqual(applied, ['of the office']);
  t.regex(bench.sources.views()[1]?.error?.message ?? '', /for the source "office", not for plant/);
  await put('plant', 'of nobody', {});
  await bench.sources.look();
  t.regex(bench.sources.views()[1]?.error?.message ?? '', /names no source/);
  await put('plant', 'of the plant', { name: 'plant' });
  await bench.sources.look();
  t.deepEqual(applied, ['of the office', 'of the plant']);
});

test('sources are told apart where their keys stand in the same file', (t) => {
  const at = (changes: object) => sourceAt({ file: 'f' }, [], changes);
  const specs = [
    at({ name: 'a', signed_by: 'k' }),
    at({ name: 'b', signed_by: 'k' }),
    at({ name: 'c', signed_by: 'other' }),
    at({ name: 'd', signed_by: 'k', kind: 'firmware' }),
    at({ name: 'e' }),
    at({ name: 'f' }),
  ];
  t.deepEqual(
    toldApart(specs).map(({ must_name: must = false }) => must),
    [true, true, false, false, false, false],
  );
});
