import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { request, startEnvoy, type LiveEnvoy } from '../helpers/live-envoy.ts';
import { makeLiveFleet, type LiveFleet } from '../helpers/live-fleet.ts';
import { findEnvoy, portreeve, until, type Ran } from '../helpers/processes.ts';
import { needing } from '../helpers/skip.ts';

interface Listed {
  readonly index: number;
  readonly record: Readonly<Record<string, unknown>> & { readonly decision_id: string };
}

interface Report {
  readonly verdict: string;
  readonly decisions: number;
  readonly findings: readonly { readonly code: string; readonly entry: number; readonly message: string }[];
}

/** A fleet whose records go to a log in tiles, which the answers wait for. */
async function fleetWithLog(t: ExecutionContext, devices: readonly string[]): Promise<LiveFleet> {
  const fleet = await makeLiveFleet(t, devices);
  const plain = 'audit: { path: records.ndjson }';
  const text = readFileSync(fleet.configFile, 'utf8');
  t.true(text.includes(plain));
  writeFileSync(
    fleet.configFile,
    text.replace(plain, 'audit: { path: log, mode: strict, key: log-key.pem, origin: pdp.example/quay }'),
  );
  return fleet;
}

async function startUpstream(t: ExecutionContext): Promise<number> {
  const server = createServer((_incoming, answer) => answer.end('from the service'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Lets a device in, revokes it, and has it denied; answers both decisions' ids as Envoy's access log has them. */
async function revokeInTheMiddle(
  t: ExecutionContext,
  fleet: LiveFleet,
  proxy: LiveEnvoy,
): Promise<{ readonly allowed: string; readonly denied: string }> {
  const meter = await fleet.device('meter-1');
  await until('the device is let in', async () => (await request(proxy.port, meter)).status === 200);
  const imported = fleet.cli(['crl', 'import', await fleet.crl([meter.serial]), '--why', 'stolen']);
  t.is(imported.code, 0, imported.stderr);
  t.is((await request(proxy.port, meter)).status, 403);
  const denial = await until('Envoy has logged the denial', () =>
    proxy.accessLog().find((line) => line.reason === 'revocation.revoked'),
  );
  const allow = await until('Envoy has logged the allow', () =>
    proxy.accessLog().find((line) => line.status === 200),
  );
  return { allowed: String(allow.decision_id), denied: String(denial.decision_id) };
}

/** Runs `verify.mjs` of an unpacked export with it as the working folder, as its page says. */
function verifyAlone(folder: string, key: string): { readonly code: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['verify.mjs', '--key', key], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: status, text: stdout + stderr };
}

function reportOf(folder: string, key: string): Report {
  const words = ['verify.mjs', '--key', key, '--json'];
  return JSON.parse(spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' }).stdout) as Report;
}

/** Entries of an answer of `audit query --format ndjson`. */
function listed({ code, stdout, stderr }: Ran): readonly Listed[] {
  if (code !== 0) throw new Error(`audit query answers ${code}: ${stderr}`);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Listed);
}

const envoy = findEnvoy();
const withEnvoy = needing(envoy.lack, { serial: true });

withEnvoy(
  'what Envoy was answered before and after a revocation is exported, verified from an empty folder, and not with one byte changed',
  async (t) => {
    const fleet = await fleetWithLog(t, ['meter-1']);
    const upstream = await startUpstream(t);
    await fleet.serve();
    // Taken when the site goes into service, and kept elsewhere.
    const keys = JSON.parse(readFileSync(join(fleet.folder, 'log/keys/log.json'), 'utf8')) as {
      readonly keys: readonly { readonly key: string }[];
    };
    const key = keys.keys[0]?.key as string;
    const proxy = await startEnvoy(t, envoy.path, 'http.yaml', fleet, upstream);
    const { allowed, denied } = await revokeInTheMiddle(t, fleet, proxy);

    // Both are found while the server runs, by what an auditor asks for.
    const ofDevice = await until('a checkpoint covers both decisions', () => {
      const found = listed(
        fleet.cli(['audit', 'query', '--device', 'meter-1', '--kind', 'decision', '--format', 'ndjson']),
      );
      return found.some(({ record }) => record.decision_id === denied) ? found : undefined;
    });
    t.like(ofDevice[0]?.record, { decision_id: denied, outcome: 'deny', device_id: 'meter-1' });
    t.is(ofDevice.find(({ record }) => record.decision_id === allowed)?.record.outcome, 'allow');
    const revoked = listed(
      fleet.cli(['audit', 'query', '--reason', 'revocation.revoked', '--format', 'ndjson']),
    );
    t.deepEqual(
      revoked.map(({ record }) => record.decision_id),
      [denied],
    );
    for (const [id, outcome] of [
      [allowed, /allowed/i],
      [denied, /revoked/i],
    ] as const) {
      const shown = fleet.cli(['audit', 'show', id]);
      t.is(shown.code, 0, shown.stderr);
      t.regex(shown.stdout, outcome);
    }

    // Handed over, and verified by what is in the archive alone.
    const archive = join(fleet.folder, 'quay.zip');
    const made = fleet.cli(['audit', 'export', '--out', archive, '--json']);
    t.is(made.code, 0, made.stderr);
    const empty = mkdtempSync(join(tmpdir(), 'portreeve-auditor-'));
    t.teardown(() => rmSync(empty, { recursive: true, force: true }));
    const unpacked = spawnSync('python3', ['-m', 'zipfile', '-e', archive, empty], { encoding: 'utf8' });
    t.is(unpacked.status, 0, unpacked.stderr);
    const sound = verifyAlone(empty, key);
    t.is(sound.code, 0, sound.text);
    t.regex(sound.text, /VERIFIED: every entry is what was signed\n$/);
    t.true(reportOf(empty, key).decisions >= 2);

    // One decision alone, by its proof and the key.
    const proof = join(fleet.folder, 'denied.tlog-proof');
    const proved = fleet.cli(['audit', 'prove', denied, '--out', proof]);
    t.is(proved.code, 0, proved.stderr);
    const checked = portreeve(['audit', 'check', proof, '--key', key, '--json'], { cwd: empty });
    t.is(checked.code, 0, checked.stdout + checked.stderr);
    t.like(JSON.parse(checked.stdout), {
      verdict: 'verified',
      origin: 'pdp.example/quay',
      index: revoked[0]?.index,
      record: { decision_id: denied, outcome: 'deny' },
    });

    // The denial is turned into another one, by one byte.
    changeByte(empty, denied);
    const caught = verifyAlone(empty, key);
    t.is(caught.code, 1);
    const entry = revoked[0]?.index as number;
    t.regex(caught.text, new RegExp(`^WRONG  entry\\.changed: entry ${entry} was changed`, 'm'));
    t.regex(caught.text, /FAILED[^\n]*\n$/);
    t.like(reportOf(empty, key), { verdict: 'failed', findings: { 0: { code: 'entry.changed', entry } } });
    const second = portreeve(['audit', 'verify', empty, '--key', key], { cwd: empty });
    t.is(second.code, 1);
    t.true(second.stdout.includes(`entry ${entry} was changed`), second.stdout);
  },
);

/** Changes the last character of a decision's id in the bundle that holds it. */
function changeByte(folder: string, id: string): void {
  const entries = join(folder, 'tile/entries');
  for (const name of readdirSync(entries, { recursive: true, encoding: 'utf8' })) {
    const path = join(entries, name);
    const bytes = tryRead(path);
    const at = bytes?.indexOf(`"decision_id":"${id}"`) ?? -1;
    if (!bytes || at < 0) continue;
    const last = at + `"decision_id":"${id}`.length - 1;
    bytes[last] = (bytes[last] as number) ^ 1;
    writeFileSync(path, bytes);
    return;
  }
  throw new Error(`no bundle has ${id}`);
}

/** The file's bytes; undefined for a folder. */
function tryRead(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
