import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { noteUses } from '../../../src/revocation/ocsp/table.ts';
import { newState } from '../../../src/server/sources/source-view.ts';
import { openStore } from '../../../src/store/open.ts';
import { writeSourceState } from '../../../src/store/source-states.ts';
import type { SourceState } from '../../../src/store/source-states.ts';
import { makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

const url = 'http://ocsp.example.org/';
const error = { code: 'PDP_SOURCE_UNAVAILABLE', message: 'answers 500' };

/** An installation whose CA of meters has a responder, of which the server knows this. */
async function installed(known?: Partial<SourceState>, unanswered: readonly string[] = []): Promise<string> {
  const { folder, config } = await makeInstallation();
  const responders = `[{ issuer: meters, url: '${url}' }]`;
  writeFileSync(
    config,
    `${readFileSync(config, 'utf8')}\nrevocation:\n  ocsp: { responders: ${responders} }\n`,
  );
  const store = openStore({ path: join(folder, 'state.db'), mode: 'read_write', now: Date.now() });
  if (known) writeSourceState(store, { ...newState('ocsp', 'meters', url), ...known });
  store.close();
  if (unanswered.length === 0) return folder;
  const { responders: told } = await status(folder);
  const issuerKey = told[0]?.['issuer_key'] as string;
  const again = openStore({ path: join(folder, 'state.db'), mode: 'read_write', now: Date.now() });
  again.transact(() =>
    noteUses(
      again,
      unanswered.map((serial) => ({ issuerKey, serial })),
      Date.now(),
    ),
  );
  again.close();
  return folder;
}

async function status(cwd: string) {
  const run = await portreeve(['ocsp', 'status', '--json'], { cwd });
  const { responders } = onlyObject(run) as { responders: Record<string, unknown>[] };
  return { exit: run.code, responders };
}

async function found(cwd: string) {
  const run = await portreeve(['doctor', '--json'], { cwd });
  const { checks } = onlyObject(run) as { checks: { check: string; status: string; message: string }[] };
  return checks.find(({ check }) => check === 'ocsp');
}

test('ocsp status shows every configured responder, and answers 1 where one fails', async (t) => {
  const unused = await status(await installed());
  t.is(unused.exit, 0);
  t.like(unused.responders[0], { issuer: 'meters', responder: url, state: 'unused', good: 0, error: null });
  const failing = await status(await installed({ failures: 3, error }, ['a1']));
  t.is(failing.exit, 1);
  t.like(failing.responders[0], { state: 'failing', failures: 3, unanswered: 1, error });
});

test('doctor passes a responder that answers or was never asked, and tells of others', async (t) => {
  t.is((await found(await installed()))?.status, 'ok');
  t.is((await found(await installed({ lastSuccess: Date.now() })))?.status, 'ok');
  const behind = await found(await installed({ lastSuccess: Date.now() }, ['a1', 'a2']));
  t.like(behind, { status: 'warn' });
  t.regex(behind?.message ?? '', /2 certificates without an answer/);
  t.is((await found(await installed({ lastSuccess: Date.now(), failures: 1, error })))?.status, 'fail');
});

test('what is known of a responder at another URL is not told of this one', async (t) => {
  const cwd = await installed({ location: 'http://elsewhere.example.org/', failures: 3, error });
  t.like((await status(cwd)).responders[0], { state: 'unused', failures: 0, error: null });
});

test('ocsp fetch refuses a certificate whose CA has no responder', async (t) => {
  const run = await portreeve(['ocsp', 'fetch', 'root.pem', '--json'], { cwd: await installed() });
  t.is(run.code, 1);
  t.like(onlyObject(run), { error: { code: 'PDP_NOT_FOUND' } });
});

test('without a responder ocsp status says that none is configured', async (t) => {
  const { folder: cwd } = await makeInstallation();
  openStore({ path: join(cwd, 'state.db'), mode: 'read_write', now: Date.now() }).close();
  const run = await portreeve(['ocsp', 'status'], { cwd });
  t.is(run.code, 0);
  t.regex(run.stdout, /no OCSP responder is configured/);
});
