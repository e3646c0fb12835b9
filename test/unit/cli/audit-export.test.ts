import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { checkpointOf, makeLog, newSigner, recordsOf, writeFiles } from '../../helpers/made-log.ts';
import type { MadeLog } from '../../helpers/made-log.ts';
import { portreeveHere } from './helpers/run.ts';

/** A log of another origin than those of other tests. */
function logOf(name: string, count: number): MadeLog {
  const log = makeLog(recordsOf(count), newSigner(name));
  log.files.set('checkpoint', checkpointOf(log.entries, count, [log.signer], name));
  return log;
}

function withLogs(t: ExecutionContext, logs: Readonly<Record<string, MadeLog>>) {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-export-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, { files }] of Object.entries(logs)) writeFiles(join(folder, name), files);
  const run = (...args: string[]) => portreeveHere(['audit', ...args], { cwd: folder });
  return { folder, run };
}

test('several logs are exported into a folder, each into an archive by its origin, which verify and are queried together', async (t) => {
  const logs = { a: logOf('portreeve.example/plant-7', 300), b: logOf('../harbour', 20) };
  const { folder, run } = withLogs(t, logs);
  const made = await run('export', 'a', 'b', '--out', 'november', '--json');
  t.is(made.code, 0, made.stderr);
  const { logs: told } = JSON.parse(made.stdout) as {
    logs: { file: string; origin: string; size: number }[];
  };
  t.deepEqual(
    told.map(({ file, origin, size }) => [file, origin, size]),
    [
      ['november/portreeve.example_plant-7.zip', 'portreeve.example/plant-7', 300],
      ['november/harbour.zip', '../harbour', 20],
    ],
  );
  t.deepEqual(readdirSync(join(folder, 'november')).sort(), ['harbour.zip', 'portreeve.example_plant-7.zip']);
  const archives = told.map(({ file }) => file);
  const keys = Object.values(logs).flatMap(({ signer }) => ['--key', signer.verifier.text]);
  const verified = await run('verify', ...archives, ...keys);
  t.is(verified.code, 0, verified.stdout + verified.stderr);
  const found = await run('query', ...archives, '--all', '--json');
  const { records } = JSON.parse(found.stdout) as { records: { origin: string }[] };
  t.is(records.length, 320);
  t.deepEqual([...new Set(records.map(({ origin }) => origin))].sort(), archives.toSorted());
});

test('one log goes into the folder that is there, and two of one origin into two archives', async (t) => {
  const log = logOf('x', 5);
  const { folder, run } = withLogs(t, { a: log, b: log });
  t.is((await run('export', 'a', 'b', '--out', 'both')).code, 0);
  t.deepEqual(readdirSync(join(folder, 'both')).sort(), ['x-2.zip', 'x.zip']);
  t.is((await run('export', 'a', '--out', 'both/x.zip')).code, 0, 'over an archive that is there');
  const { code, stdout } = await run('export', 'a', '--out', 'both', '--json');
  t.is(code, 0);
  t.like(JSON.parse(stdout), { logs: [{ file: 'both/x.zip', origin: 'x' }] });
});

test('nothing is written where one of the logs is none, or a checkpoint is of none of them', async (t) => {
  const [own, other] = [logOf('own', 300), logOf('other', 9)];
  const { folder, run } = withLogs(t, { a: own });
  writeFileSync(join(folder, 'held'), checkpointOf(own.entries, 200, [own.signer], 'own'));
  writeFileSync(join(folder, 'strange'), checkpointOf(other.entries, 9, [other.signer], 'other'));
  t.not((await run('export', 'a', 'gone', '--out', 'out')).code, 0);
  const strange = await run('export', 'a', '--checkpoint', 'strange', '--out', 'one.zip');
  t.is(strange.code, 2);
  t.regex(strange.stderr, /a checkpoint of other is of no log that is exported/);
  t.deepEqual(readdirSync(folder).sort(), ['a', 'held', 'strange']);
  t.is((await run('export', 'a', '--checkpoint', 'held', '--out', 'one.zip')).code, 0);
});
