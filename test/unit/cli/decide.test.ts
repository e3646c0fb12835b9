import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { buildRecord, recordBytes } from '../../../src/audit/record.ts';
import type { AuditRecord } from '../../../src/audit/record.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { buildContext } from '../../../src/context/build.ts';
import type { MadeDecision } from '../../../src/decision/types.ts';
import { cliPep } from '../../../src/cli/pep.ts';
import { patientTiming, recordNothing } from '../../../src/cli/trial.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { unquestioned } from '../../../src/lib/trusted-time.ts';
import { composeDecision } from '../../../src/server/compose.ts';
import { keepVersions, keptFolder } from '../../../src/server/records/keep-versions.ts';
import { readMaterial } from '../../../src/server/material.ts';
import { deviceId, makeInstallation, type Installation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

/** An installation with its device and CRLs in the store. */
async function readyInstallation(): Promise<Installation> {
  const installation = await makeInstallation();
  const cwd = installation.folder;
  const crl = await portreeve(['crl', 'import', 'root.crl', 'meters.crl'], { cwd });
  const devices = await portreeve(['device', 'import', 'devices.ndjson'], { cwd });
  if (crl.code !== 0 || devices.code !== 0) throw new Error(crl.stdout + devices.stderr);
  return installation;
}

const nativeRequest = ({ leaf }: Installation) =>
  JSON.stringify({
    peerChain: [Buffer.from(leaf.der).toString('base64')],
    authenticatedBy: 'AUTHENTICATED_BY_DEVICE_TLS',
    sourceIp: '192.0.2.7',
  });

const checkRequest = ({ leaf }: Installation) =>
  JSON.stringify({ attributes: { source: { certificate: encodeURIComponent(leaf.pem) } } });

test('a device that may connect: 0, by either kind of request', async (t) => {
  const installation = await readyInstallation();
  const cwd = installation.folder;
  for (const input of [nativeRequest(installation), checkRequest(installation)]) {
    const run = await portreeve(['decide', '--request', '-', '--json'], { cwd, input });
    t.is(run.code, 0, run.stdout + run.stderr);
    t.like(onlyObject(run), {
      outcome: 'allow',
      enforced: true,
      device_id: deviceId,
      assurance: 'device_proved',
      reasons: [{ code: 'policy.ok' }],
      faults: [],
    });
  }
});

test('a denial: 3, decided as of the time that is asked for', async (t) => {
  const installation = await readyInstallation();
  const cwd = installation.folder;
  const input = nativeRequest(installation);
  const at = new Date(Date.now() + 48 * 3_600_000).toISOString();
  const run = await portreeve(['decide', '--request', '-', '--at', at, '--json'], { cwd, input });
  t.is(run.code, 3, run.stdout + run.stderr);
  const decision = onlyObject(run) as { outcome: string; time: string; reasons: { code: string }[] };
  t.is(decision.outcome, 'deny');
  t.is(decision.time, at);
  t.true(decision.reasons.some(({ code }) => code === 'credential.expired'));
});

test('what a door would refuse as input is a decision with faults: 4', async (t) => {
  const installation = await readyInstallation();
  const run = await portreeve(['decide', '--request', '-', '--json'], {
    cwd: installation.folder,
    input: '{}',
  });
  t.is(run.code, 4, run.stdout + run.stderr);
  t.like(onlyObject(run), {
    outcome: 'deny',
    reasons: [{ code: 'system.input_invalid' }],
    faults: [{ stage: 'context' }],
  });
});

const malformed: readonly (readonly [what: string, input: string | Uint8Array])[] = [
  ['no JSON', '{'],
  ['nothing', ''],
  ['not an object', '[1]'],
  ['not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
  ['an unknown field', '{"peerChian":[]}'],
  ['bytes that are not base64', '{"peerChain":["*"]}'],
];

for (const [what, input] of malformed) {
  test(`a request that is ${what} is malformed: 2`, async (t) => {
    const { folder: cwd } = await makeInstallation();
    const run = await portreeve(['decide', '--request', '-', '--json'], { cwd, input });
    t.is(run.code, 2, run.stdout + run.stderr);
    t.like(onlyObject(run), { error: { code: 'PDP_INPUT_MALFORMED' } });
  });
}

test('the table shows outcome, reasons in words, each fact with its age, and versions', async (t) => {
  const installation = await readyInstallation();
  const run = await portreeve(['decide', '--request', '-'], {
    cwd: installation.folder,
    input: nativeRequest(installation),
  });
  t.is(run.code, 0);
  for (const part of [
    /^ALLOW\n/,
    /policy\.ok +info +Everything/,
    /revocation of device +good, fresh, CRL 01 +1h/,
    /device +meter-0001: active, class meter +\d+(ms|s)/,
    /source +192\.0\.2\.7/,
    /^program +portreeve \d/m,
    /^epochs +local 3$/m,
  ]) {
    t.regex(run.stdout, part);
  }
});

test('who asks is named, or is the first configured PEP', async (t) => {
  const installation = await readyInstallation();
  const cwd = installation.folder;
  const input = nativeRequest(installation);
  const named = await portreeve(['decide', '--request', '-', '--pep', 'envoy', '--json'], { cwd, input });
  t.is(named.code, 0);
  const unknown = await portreeve(['decide', '--request', '-', '--pep', 'nobody', '--json'], { cwd, input });
  t.is(unknown.code, 2);
  t.like(onlyObject(unknown), { error: { code: 'PDP_USAGE' } });
});

/** Makes one decision as a server does, keeps what it names and writes its record. */
async function recordOne(installation: Installation): Promise<{ file: string; made: MadeDecision }> {
  const config = loadConfig(installation.config);
  const composed = await composeDecision(config, {
    recorder: recordNothing,
    clock: systemClock,
    trusted: () => unquestioned(systemClock),
    mode: 'read_only',
  });
  try {
    await keepVersions(config, composed.authorities, await readMaterial(config));
    const raw = { door: 'native', pep: cliPep(config), authenticatedBy: 'device_tls' } as const;
    const certificate = { form: 'der', chain: [installation.leaf.der] } as const;
    const context = buildContext({ ...raw, certificate, sourceIp: '192.0.2.7' }, config);
    const made = await composed.point.decide(context, patientTiming(systemClock));
    const file = installation.path('record.json');
    writeFileSync(file, recordBytes(buildRecord(made)));
    return { file, made };
  } finally {
    composed.close();
  }
}

test('a record replayed: 0 same, 1 different, 1 with what is missing', async (t) => {
  const installation = await readyInstallation();
  const cwd = installation.folder;
  const { file, made } = await recordOne(installation);
  t.is(made.decision.outcome, 'allow');

  const same = await portreeve(['decide', '--replay', file, '--json'], { cwd });
  t.is(same.code, 0, same.stdout + same.stderr);
  t.like(onlyObject(same), {
    same: true,
    not_shown: ['instance', 'epochs'],
    missing: [],
    differences: [],
    decision_id: made.decision.decision_id,
  });

  const forged = buildRecord({ ...made, decision: { ...made.decision, assurance: 'attested' } });
  writeFileSync(installation.path('forged.json'), recordBytes(forged));
  const different = await portreeve(['decide', '--replay', 'forged.json', '--json'], { cwd });
  t.is(different.code, 1, different.stdout + different.stderr);
  t.like(onlyObject(different), {
    same: false,
    differences: [{ path: 'assurance', recorded: 'attested', replayed: 'device_proved' }],
  });

  const lost = buildRecord({
    ...made,
    decision: { ...made.decision, versions: { ...made.decision.versions, bundle: 'f'.repeat(64) } },
  });
  writeFileSync(installation.path('lost.json'), recordBytes(lost));
  const missing = await portreeve(['decide', '--replay', 'lost.json', '--json'], { cwd });
  t.is(missing.code, 1);
  t.like(onlyObject(missing), { same: false, missing: [`bundle ${'f'.repeat(64)}`] });
});

test('a record that was altered anywhere is not the same: what its digests name is held against it', async (t) => {
  const installation = await readyInstallation();
  const { file } = await recordOne(installation);
  const record = JSON.parse(readFileSync(file, 'utf8')) as AuditRecord;
  const { versions } = record;
  const zeros = '0'.repeat(64);
  const replayed = async (changes: Partial<AuditRecord>) => {
    const input = JSON.stringify({ ...record, ...changes });
    const run = await portreeve(['decide', '--replay', '-', '--json'], { cwd: installation.folder, input });
    t.is(run.code, 1, run.stdout);
    const { same, missing, differences } = onlyObject(run) as {
      same: boolean;
      missing: string[];
      differences: { path: string }[];
    };
    t.false(same);
    return [...missing, ...differences.map(({ path }) => path)];
  };
  const [crl] = versions.crls;
  t.deepEqual(await replayed({ versions: { ...versions, anchors: zeros } }), [`anchors ${zeros}`]);
  const others = { ...versions, anchors: versions.classes };
  t.deepEqual(await replayed({ versions: others }), [`anchors ${versions.classes}`]);
  t.true((await replayed({ versions: { ...versions, crls: [] } })).includes('facts.revocation[0].status'));
  const lost = { ...versions, crls: [{ ...crl!, digest: zeros }, ...versions.crls.slice(1)] };
  t.deepEqual(await replayed({ versions: lost }), [`CRL ${zeros}`]);
  t.deepEqual(await replayed({ versions: { ...versions, epochs: {} } }), ['versions.epochs']);
  const classless = { ...versions, configuration: versions.classes };
  t.true((await replayed({ versions: classless })).includes(`configuration ${versions.classes}`));
  t.deepEqual(await replayed({ class: 'camera', leaf: zeros }), ['class', 'leaf']);
  t.true((await replayed({ device_id: 'meter-2' })).includes('device_id'));
  rmSync(join(keptFolder(loadConfig(installation.config)), crl!.digest));
  t.deepEqual(await replayed({}), [`CRL ${crl!.digest}`]);
});

test('what is no record: 2', async (t) => {
  const { folder: cwd } = await makeInstallation();
  const run = await portreeve(['decide', '--replay', '-', '--json'], { cwd, input: '{"schema":1}' });
  t.is(run.code, 2);
  t.like(onlyObject(run), { error: { code: 'PDP_INPUT_MALFORMED' } });
  const newer = await portreeve(['decide', '--replay', '-', '--json'], { cwd, input: '{"schema":2}' });
  t.like(onlyObject(newer), { error: { code: 'PDP_FORMAT_NEWER' } });
});
