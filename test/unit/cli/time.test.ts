import { writeFileSync } from 'node:fs';
import test from 'ava';
import { openStore } from '../../../src/store/open.ts';
import { readKeptTime, writeKeptTime } from '../../../src/store/kept-time.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

const day = 86_400_000;

async function withKeptTime(ahead: number) {
  const made = await makeInstallation();
  const { folder: cwd } = made;
  const run = (...args: string[]) => portreeve([...args, '--json'], { cwd });
  await run('device', 'import', 'devices.ndjson');
  const { path } = loadConfig(made.config).state;
  const withStore = <T>(work: (store: ReturnType<typeof openStore>) => T): T => {
    const store = openStore({ path, mode: 'read_write', now: Date.now() });
    try {
      return work(store);
    } finally {
      store.close();
    }
  };
  const kept = Date.now() + ahead;
  withStore((store) => writeKeptTime(store, { kept, confirmed: kept, resets: 0 }));
  return { ...made, cwd, run, withStore };
}

test('a clock that goes with the kept time is trusted', async (t) => {
  const { run } = await withKeptTime(-day);
  const shown = await run('time', 'show');
  t.is(shown.code, 0);
  t.like(onlyObject(shown), { trusted: true, behind_s: 0, tolerance_s: 300, resets: 0 });
});

test('a clock behind the kept time answers 1, and the doctor says what to do', async (t) => {
  const { run, cwd } = await withKeptTime(day);
  const shown = await run('time', 'show');
  t.is(shown.code, 1);
  t.like(onlyObject(shown), { trusted: false });
  const text = await portreeve(['time', 'show'], { cwd });
  t.regex(text.stdout, /the clock is behind by .*: nothing is allowed without clock grace/);
  const { checks } = onlyObject(await run('doctor')) as unknown as {
    checks: readonly { check: string; status: string; advice?: string }[];
  };
  const clock = checks.find(({ check }) => check === 'clock');
  t.is(clock?.status, 'fail');
  t.regex(clock?.advice ?? '', /portreeve time reset/);
});

test('a reset begins anew with the clock, is a change with who and why, and needs a reason', async (t) => {
  const { run, withStore } = await withKeptTime(day);
  t.is((await run('time', 'reset')).code, 2);
  const reset = await run('time', 'reset', '--why', 'the clock was in 2080');
  t.is(reset.code, 0);
  t.is((await run('time', 'show')).code, 0);
  withStore((store) => {
    t.is(readKeptTime(store)?.resets, 1);
    t.like(store.changesSince(0, 100).at(-1), { kind: 'time.reset', why: 'the clock was in 2080' });
  });
});

test('a clock that a CRL shows to be behind is not what a reset begins with', async (t) => {
  const { run, withStore } = await withKeptTime(2 * day);
  const thisUpdate = Date.now() + day;
  withStore((store) =>
    store
      .prepare(
        `INSERT INTO crls (issuer_key, scope, delta, issuer, issuer_name, generation, this_update, next_update,
          imported_at, source, digest, entries) VALUES ('k', '', 0, '', '', 1, ?, ?, 0, '', '', 0)`,
      )
      .run(thisUpdate, thisUpdate + day),
  );
  const reset = await run('time', 'reset', '--why', 'the clock was in 2080');
  t.is(reset.code, 2);
  t.regex((onlyObject(reset) as { error: { message: string } }).error.message, /set the clock first/);
  withStore((store) => t.is(readKeptTime(store)?.resets, 0, 'nothing was changed'));
});

test('decide goes by the kept time, and decide --at does not', async (t) => {
  const { run, path } = await withKeptTime(day);
  writeFileSync(path('request.json'), JSON.stringify({ authenticated_by: 'AUTHENTICATED_BY_NONE' }));
  const codes = async (...args: string[]) => {
    const made = onlyObject(await run('decide', '--request', 'request.json', ...args)) as unknown as {
      reasons: readonly { code: string }[];
    };
    return made.reasons.map(({ code }) => code);
  };
  t.true((await codes()).includes('system.clock_untrusted'));
  t.false((await codes('--at', new Date().toISOString())).includes('system.clock_untrusted'));
});
