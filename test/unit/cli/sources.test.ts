import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openStore } from '../../../src/store/open.ts';
import { writeSourceState } from '../../../src/store/source-states.ts';
import type { SourceState } from '../../../src/store/source-states.ts';
import { noteFileState } from '../../../src/server/files/file-states.ts';
import { newState } from '../../../src/server/sources/source-view.ts';
import { makeInstallation } from './helpers/installation.ts';
import type { Installation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

const minute = 60_000;
const url = 'https://crl.example.org/meters.crl';

/** An installation with one source of CRLs, of which the server knows this. */
async function installed(known: Partial<SourceState> | undefined): Promise<Installation> {
  const made = await makeInstallation();
  const headers = join(made.folder, 'headers');
  writeFileSync(headers, 'Authorization: Bearer x\n');
  chmodSync(headers, 0o600);
  const source = `{ name: meters-crl, url: '${url}', headers_file: headers, max_age: 1h }`;
  writeFileSync(made.config, `${readFileSync(made.config, 'utf8')}\nrevocation:\n  sources: [${source}]\n`);
  await portreeve(['crl', 'import', 'root.crl', 'meters.crl'], { cwd: made.folder });
  const store = openStore({ path: join(made.folder, 'state.db'), mode: 'read_write', now: Date.now() });
  const none = {
    etag: null,
    lastModified: null,
    digest: null,
    lastAttempt: null,
    lastSuccess: null,
    lastChange: null,
  };
  const rest = {
    nextFetch: null,
    renewBy: null,
    failures: 0,
    error: null,
    sequence: null,
    sequenceDigest: null,
  };
  if (known)
    writeSourceState(store, { kind: 'crl', name: 'meters-crl', location: url, ...none, ...rest, ...known });
  store.close();
  return made;
}

async function sourceChecks(
  cwd: string,
): Promise<readonly { readonly status: string; readonly message: string }[]> {
  const run = await portreeve(['doctor', '--json'], { cwd });
  const { checks } = onlyObject(run) as { checks: { check: string; status: string; message: string }[] };
  return checks.filter(({ check }) => check === 'sources');
}

test('crl status shows what the server last heard of each source', async (t) => {
  const error = { code: 'PDP_SOURCE_UNAVAILABLE', message: 'answers 500' };
  const { folder: cwd } = await installed({ lastSuccess: Date.now() - 5 * minute, failures: 3, error });
  const run = await portreeve(['crl', 'status', '--json'], { cwd });
  const { sources } = onlyObject(run) as { sources: Record<string, unknown>[] };
  t.is(sources.length, 1);
  t.like(sources[0], { name: 'meters-crl', location: url, stale: false, failures: 3, error });
  t.regex((await portreeve(['crl', 'status'], { cwd })).stdout, /meters-crl +crl +failing +5m.*answers 500/);
});

test('what was heard at another URL says nothing of this one', async (t) => {
  const { folder: cwd } = await installed({ location: 'https://old.example.org/', lastSuccess: Date.now() });
  const { sources } = onlyObject(await portreeve(['crl', 'status', '--json'], { cwd })) as {
    sources: object[];
  };
  t.like(sources[0], { location: url, last_success: null, stale: true });
});

test('doctor passes a source that was read, warns of one that was never read, and of failures', async (t) => {
  const error = { code: 'PDP_SOURCE_REFUSED', message: 'too large' };
  const statusOf = async (known: Partial<SourceState> | undefined): Promise<string | undefined> =>
    (await sourceChecks((await installed(known)).folder))[0]?.status;
  t.is(await statusOf({ lastSuccess: Date.now() }), 'ok');
  t.is(await statusOf(undefined), 'warn');
  t.is(await statusOf({ lastSuccess: Date.now(), failures: 1, error }), 'warn');
  t.is(
    await statusOf({ lastSuccess: Date.now() - 61 * minute, failures: 1, error }),
    'fail',
    'past its max_age',
  );
});

test('doctor warns of headers that everybody may read, and fails where they are not there', async (t) => {
  const { folder: cwd } = await installed({ lastSuccess: Date.now() });
  const headers = join(cwd, 'headers');
  t.deepEqual((await sourceChecks(cwd)).length, 1);
  chmodSync(headers, 0o644);
  t.like((await sourceChecks(cwd))[1], { status: 'warn' });
  writeFileSync(
    join(cwd, 'portreeve.yaml'),
    readFileSync(join(cwd, 'portreeve.yaml'), 'utf8').replace('headers,', 'gone,'),
  );
  t.like((await sourceChecks(cwd))[1], { status: 'fail' });
});

test('crl status and doctor tell what came of the watched files', async (t) => {
  const made = await installed({ lastSuccess: Date.now() });
  const text = readFileSync(made.config, 'utf8');
  writeFileSync(made.config, text.replace('\nrevocation:\n', '\nrevocation:\n  crls: [lists]\n'));
  const [file, elsewhere] = [join(made.folder, 'lists/old.crl'), join(made.folder, 'old.crl')];
  const store = openStore({ path: join(made.folder, 'state.db'), mode: 'read_write', now: Date.now() });
  const error = { code: 'PDP_CRL_REFUSED', message: 'its number goes back' };
  for (const path of [file, elsewhere])
    noteFileState(store, { ...newState('crl', path, path), failures: 2, error });
  store.close();
  const run = await portreeve(['crl', 'status', '--json'], { cwd: made.folder });
  const { sources } = onlyObject(run) as { sources: Record<string, unknown>[] };
  t.deepEqual(
    sources.map(({ name }) => name),
    ['meters-crl', file],
  );
  t.like(sources[1], { kind: 'crl', failures: 2, error });
  const checks = await sourceChecks(made.folder);
  t.deepEqual(
    checks.map(({ status }) => status),
    ['ok', 'warn'],
  );
});
