import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { keep } from '../../../src/audit/kept.ts';
import { buildRecord, recordBytes } from '../../../src/audit/record.ts';
import { patientTiming, recordNothing } from '../../../src/cli/trial.ts';
import { cliPep } from '../../../src/cli/pep.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { buildContext } from '../../../src/context/build.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { unquestioned } from '../../../src/lib/trusted-time.ts';
import { composeDecision } from '../../../src/server/compose.ts';
import { keepVersions, keptFolder } from '../../../src/server/records/keep-versions.ts';
import { readMaterial } from '../../../src/server/material.ts';
import { writeLog } from '../../helpers/audit-log.ts';
import { httpSource } from '../../helpers/http-source.ts';
import { makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

/** An installation whose log in tiles has one decision, with all that it names kept, and a forged copy of it. */
async function withLog() {
  const installation = await makeInstallation();
  const cwd = installation.folder;
  for (const args of [
    ['crl', 'import', 'root.crl', 'meters.crl'],
    ['device', 'import', 'devices.ndjson'],
  ])
    await portreeve(args, { cwd });
  const config = loadConfig(installation.config);
  const composed = await composeDecision(config, {
    ...{ recorder: recordNothing, clock: systemClock, mode: 'read_only' as const },
    trusted: () => unquestioned(systemClock),
  });
  try {
    await keepVersions(config, composed.authorities, await readMaterial(config));
    const certificate = { form: 'der', chain: [installation.leaf.der] } as const;
    const raw = { door: 'native', pep: cliPep(config), authenticatedBy: 'device_tls' } as const;
    const context = buildContext({ ...raw, certificate, sourceIp: '192.0.2.7' }, config);
    const record = buildRecord(await composed.point.decide(context, patientTiming(systemClock)));
    const forged = {
      ...record,
      decision_id: record.decision_id.replace(/.{4}$/, '0000'),
      assurance: 'attested',
    };
    writeLog(installation.path('log'), [record, forged]);
    return { cwd, config, record, forged, path: installation.path };
  } finally {
    composed.close();
  }
}

test('replay decides again what several ids name, and says which do not come out the same', async (t) => {
  const { cwd, record, forged } = await withLog();
  const same = await portreeve(['audit', 'replay', record.decision_id, '--log', 'log', '--json'], { cwd });
  t.is(same.code, 0, same.stdout + same.stderr);
  t.like(onlyObject(same), { same: true });
  const ids = [record.decision_id, forged.decision_id];
  const both = await portreeve(['audit', 'replay', ...ids, '--log', 'log', '--json'], { cwd });
  t.is(both.code, 1);
  const { replays } = onlyObject(both) as { replays: { same: boolean; differences: object[] }[] };
  t.deepEqual(
    replays.map((one) => one.same),
    [true, false],
  );
  t.like(replays[1]!.differences[0], { path: 'assurance', recorded: 'attested', replayed: 'device_proved' });
  const none = await portreeve(['audit', 'replay', 'nobody', '--log', 'log'], { cwd });
  t.is(none.code, 1);
});

test('a log in tiles is read wherever records are named', async (t) => {
  const { cwd, record, path } = await withLog();
  const id = record.decision_id;
  const replayed = await portreeve(['decide', '--replay', id, '--records', 'log', '--json'], { cwd });
  t.is(replayed.code, 0, replayed.stdout);
  t.like(onlyObject(replayed), { same: true, decision_id: id });
  writeFileSync(path('one.ndjson'), `${recordBytes(record)}\n`);
  writeLog(path('single'), [record]);
  for (const name of ['one.ndjson', 'single']) {
    const policy = await portreeve(['policy', 'replay', '--records', name, '--json'], { cwd });
    t.is(policy.code, 0, policy.stdout);
    t.like(onlyObject(policy), { records: 1, same_whole: 1 });
    const diff = await portreeve(['policy', 'diff', 'default', 'default', '--records', name, '--json'], {
      cwd,
    });
    t.is(diff.code, 0, diff.stdout);
    const sample = await portreeve(
      ['records', 'sample', '--records', name, '--out', `${name}.sample`, '--json'],
      { cwd },
    );
    t.like(onlyObject(sample), { decisions: 1, kept: 1 });
    const proposed = await portreeve(
      ['device', 'propose', '--from-records', name, '--out', `${name}.new`, '--json'],
      { cwd },
    );
    t.like(onlyObject(proposed), { records: 1, damaged: 0 });
  }
});

test('what records name is found beside the log, without a configuration', async (t) => {
  const { cwd, config, record, path } = await withLog();
  const settings = record.versions.configuration;
  const { kept } = await import('../../../src/audit/kept.ts');
  writeLog(path('away/log'), [record]);
  const args = ['policy', 'replay', '--records', path('away/log'), '--json'];
  t.is((await portreeve(args, { cwd: path('away') })).code, 1);
  for (const digest of [settings, record.versions.bundle!])
    keep(path('away/log/kept'), digest, kept(keptFolder(config), digest)!);
  const found = await portreeve(args, { cwd: path('away') });
  t.is(found.code, 0, found.stdout + found.stderr);
  t.like(onlyObject(found), { same_policy: 1 });
  t.truthy(cwd);
});

test('an export has all that replay needs: unpacked, as the archive that it is, and at an address', async (t) => {
  const { cwd, config, record, path } = await withLog();
  cpSync(keptFolder(config), path('log/kept'), { recursive: true });
  const out = await portreeve(['audit', 'export', 'log', '--out', 'handed.zip', '--json'], { cwd });
  t.is(out.code, 0, out.stderr);
  t.like(onlyObject(out), { missing: 0, not_kept: [] });
  // Somewhere else, without a configuration.
  const away = mkdtempSync(join(tmpdir(), 'portreeve-away-'));
  t.teardown(() => rmSync(away, { recursive: true, force: true }));
  copyFileSync(path('handed.zip'), join(away, 'handed.zip'));
  const { status } = spawnSync('python3', ['-m', 'zipfile', '-e', 'handed.zip', 'unpacked'], { cwd: away });
  t.is(status, 0);
  const { origin: web } = await httpSource(t, (request, response) => {
    const found = statSync(join(away, 'unpacked', request.url ?? ''), { throwIfNoEntry: false });
    response.statusCode = found?.isFile() ? 200 : 404;
    response.end(found?.isFile() ? readFileSync(join(away, 'unpacked', request.url ?? '')) : '');
  });
  for (const place of ['unpacked', 'handed.zip', `${web}/`])
    for (const args of [
      ['audit', 'replay', record.decision_id, '--log', place],
      ['decide', '--replay', record.decision_id, '--records', place],
    ]) {
      const replayed = await portreeve([...args, '--json'], { cwd: away });
      t.is(replayed.code, 0, `${args.join(' ')}: ${replayed.stdout}${replayed.stderr}`);
    }
  t.deepEqual(
    readdirSync(tmpdir()).filter((name) => name.startsWith('portreeve-kept-')),
    [],
  );
  rmSync(join(away, 'unpacked/kept'), { recursive: true });
  const lacking = await portreeve(['audit', 'replay', record.decision_id, '--log', `${web}/`], { cwd: away });
  t.is(lacking.code, 2);
  t.regex(lacking.stderr, /nothing that the record names by digest is kept in http/);
});

test('an export of what was not kept says what is lacking, and each certificate that the trust anchors name', async (t) => {
  const { cwd, record, config, path } = await withLog();
  cpSync(keptFolder(config), path('log/kept'), { recursive: true });
  const { crls, anchors, configuration } = record.versions;
  const text = readFileSync(path(`log/kept/${anchors}`), 'utf8');
  const certificate = (JSON.parse(text) as { anchors: { certificate: string }[] }).anchors[0]!.certificate;
  for (const name of [configuration, certificate]) rmSync(path(`log/kept/${name}`));
  const out = await portreeve(['audit', 'export', 'log', '--out', 'lacking.zip'], { cwd });
  t.is(out.code, 0);
  t.deepEqual(out.stdout.trimEnd().split('\n').slice(1), [
    `  not kept: configuration ${configuration}`,
    `  not kept: certificate ${certificate}`,
  ]);
  t.true(crls.length > 0);
});
