import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { openRecords } from '../../../../src/audit/sources/open-records.ts';
import type { FetchFile } from '../../../../src/audit/sources/types.ts';
import { logIn, temporaryFolder, toldRecord } from '../../../helpers/audit-log.ts';

const records = Array.from({ length: 600 }, (_, number) => toldRecord(number));

async function indicesOf(location: string, fetch?: FetchFile): Promise<readonly number[]> {
  const source = await openRecords([location], { folder: '/', ...(fetch && { fetch }) });
  const found: number[] = [];
  for await (const { record } of source.records())
    found.push(Number(String(record['decision_id']).slice(-6)));
  return found;
}

const all = records.map((_, number) => number);
const line = (record: object): string => `${JSON.stringify(record)}\n`;

test('the folder of a log, its static files at an address and an export of it hold the same records', async (t) => {
  const folder = logIn(t, records);
  t.deepEqual(await indicesOf(folder), all);
  const served: FetchFile = (url) =>
    Promise.resolve(fileOf(folder, url.replace('https://log.example/a/', '')));
  t.deepEqual(await indicesOf('https://log.example/a', served), all);
  t.deepEqual(await indicesOf('https://log.example/a/', served), all);
  const zip = zipOf(t, folder);
  if (zip !== undefined) t.deepEqual(await indicesOf(zip), all);
});

function fileOf(folder: string, path: string): Uint8Array | undefined {
  try {
    return readFileSync(join(folder, path));
  } catch {
    return undefined;
  }
}

/** Python packs it: another program than ours. */
function zipOf(t: ExecutionContext, folder: string): string | undefined {
  const target = join(temporaryFolder(t), 'export');
  const script = `import shutil,sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])`;
  const { status, error } = spawnSync('python3', ['-c', script, target, folder]);
  if (error) return undefined;
  t.is(status, 0);
  return `${target}.zip`;
}

test('a file of lines is read with what was rotated away from it, packed or not, the oldest first', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'records.ndjson');
  writeFileSync(`${path}.2.gz`, gzipSync(records.slice(0, 200).map(line).join('')));
  writeFileSync(`${path}.1`, records.slice(200, 400).map(line).join(''));
  writeFileSync(path, records.slice(400).map(line).join(''));
  t.deepEqual(await indicesOf(path), all);
  t.deepEqual(await indicesOf(folder), all);
});

test('records within a time are given alone, and lines that are none are told', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'records.ndjson');
  writeFileSync(path, [records[0]!, records[1]!, records[2]!].map(line).join('cut off\n'));
  const source = await openRecords([path], { folder: '/' });
  const [found, damaged] = [[] as unknown[], [] as number[]];
  const { time: from } = records[1] as { time: string };
  const options = {
    from: Date.parse(from),
    to: Date.parse(from) + 1,
    onDamaged: (_: string, index: number) => void damaged.push(index),
  };
  for await (const { record } of source.records(options)) found.push(record['time']);
  t.deepEqual(found, [from]);
  t.deepEqual(damaged, [1, 3]);
});

test('what is no log is refused by name', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'empty'));
  writeFileSync(join(folder, 'broken.zip'), 'PK not really');
  writeFileSync(join(folder, 'checkpoint'), 'no checkpoint');
  const refused = async (location: string, message: RegExp, fetch?: FetchFile) =>
    t.throwsAsync(openRecords([location], { folder, ...(fetch && { fetch }) }), { message });
  await refused('empty', /empty: it has no checkpoint/);
  await refused('broken.zip', /broken\.zip: it is no zip archive/);
  await refused('nowhere', /nowhere/);
  await refused('.', /checkpoint/);
  await refused('https://log.example/x', /addresses are not read here/);
  await refused('https://log.example/x', /no checkpoint below this address/, () =>
    Promise.resolve(undefined),
  );
});

test('a line feed within an entry moves no other entry', async (t) => {
  const folder = logIn(t, [records[0]!, '{"a":\n1}', records[2]!]);
  const source = await openRecords([folder], { folder: '/' });
  const found: (readonly [number, string])[] = [];
  for await (const { index, record } of source.records())
    found.push([index, String(record['decision_id']).slice(-2)]);
  t.deepEqual(found, [
    [0, '00'],
    [2, '02'],
  ]);
});
