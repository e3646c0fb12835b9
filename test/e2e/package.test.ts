import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { recipeNames } from '../../src/workshop/init/recipes.ts';
import { starterFiles } from '../../src/workshop/init/starter.ts';
import { makeLiveFleet } from '../helpers/live-fleet.ts';
import { start, until, type Ran } from '../helpers/processes.ts';
import { root } from '../helpers/source-files.ts';

/** The program's own Node first, as the shebang looks for it; npm's settings of this run do not count elsewhere. */
const environment = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle)/.test(name)),
  ),
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
};

function run(command: string, args: readonly string[], cwd: string): Ran {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: environment,
    encoding: 'utf8',
    timeout: 240_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { code: status, stdout, stderr: `${stderr}${error?.message ?? ''}` };
}

interface Installed {
  /** Folder that the package was installed into; nothing else is in it. */
  readonly folder: string;
  readonly packageFolder: string;
  readonly bin: string;
  readonly portreeve: (...args: readonly string[]) => Ran;
}

let installed: Installed;
let folder: string;

test.before('build, pack, and install into an empty folder', (t) => {
  t.timeout(240_000);
  folder = mkdtempSync(join(tmpdir(), 'portreeve-package-'));
  must(t, run('sh', ['scripts/build.sh'], root));
  const packed = must(
    t,
    run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], root),
  );
  const [archive] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  t.truthy(archive, packed.stdout);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  must(
    t,
    run(
      'npm',
      ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', `./${archive}`],
      folder,
    ),
  );
  const bin = join(folder, 'node_modules/.bin/portreeve');
  installed = {
    folder,
    packageFolder: join(folder, 'node_modules/portreeve'),
    bin,
    portreeve: (...args) => run(bin, args, folder),
  };
});

test.after.always('remove the folder', () => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

function must(t: ExecutionContext, ran: Ran): Ran {
  if (ran.code !== 0) t.fail(`exit ${ran.code}: ${ran.stderr}${ran.stdout}`);
  return ran;
}

function filesBelow(path: string): readonly string[] {
  return readdirSync(path, { recursive: true })
    .map(String)
    .filter((name) => !statSync(join(path, name)).isDirectory());
}

test('the package holds compiled JavaScript with types, protos, the default bundle and the licence, and nothing else of the house', (t) => {
  const files = filesBelow(installed.packageFolder);
  for (const wanted of [
    'LICENSE',
    'README.md',
    'dist/main.js',
    'dist/main.d.ts',
    'dist/server/worker/worker-main.js',
    'dist/audit/record.schema.json',
    'dist/audit/act.schema.json',
    'proto/portreeve/v1/decision.proto',
    'proto/envoy/service/auth/v3/external_auth.proto',
    'rego/bundle/portreeve.tar.gz',
    'rego/schema/input.json',
    'rego/capabilities.json',
    'examples/policy/starter/policy.yaml',
    'examples/policy/starter/gitignore',
    'examples/policy/starter/gitlab-ci.yml',
    'examples/policy/starter/github/workflows/policy.yml',
    'examples/policy/starter/rules/network/network_test.rego',
  ]) {
    t.true(files.includes(wanted), wanted);
  }
  t.deepEqual(
    files.filter((name) =>
      /^(test|bench|scripts|src)\/|(^|\/)\.(tools|ci)\/|\.test\.|(?<!\.d)\.ts$|^rego\/.*_test\.rego$/.test(
        name,
      ),
    ),
    [],
  );
  const scripts = files.filter((name) => name.startsWith('dist/') && name.endsWith('.js'));
  t.true(scripts.length > 100);
  t.deepEqual(
    scripts.filter((name) => !files.includes(name.replace(/\.js$/, '.d.ts'))),
    [],
    'every module has its declarations',
  );
});

test('every path that package.json names is in the package', (t) => {
  const manifest = JSON.parse(readFileSync(join(installed.packageFolder, 'package.json'), 'utf8')) as {
    readonly bin: Readonly<Record<string, string>>;
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  };
  const named = [
    ...Object.values(manifest.bin),
    ...Object.values(manifest.exports).flatMap((one) =>
      typeof one === 'string' ? [one] : Object.values(one),
    ),
  ];
  for (const path of named) t.true(existsSync(join(installed.packageFolder, path.replace(/\*$/, ''))), path);
});

test('the installed command tells its version and schema', (t) => {
  const version = must(t, installed.portreeve('version', '--json'));
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const told = JSON.parse(version.stdout) as {
    readonly program: string;
    readonly bundle: { readonly digest: string };
  };
  t.is(told.program, manifest.version);
  t.regex(told.bundle.digest, /^[0-9a-f]{64}$/);
  t.is(version.stderr, '');
  const schema = must(t, installed.portreeve('config', 'schema', '--json'));
  t.is(typeof (JSON.parse(schema.stdout) as { readonly properties: object }).properties, 'object');
});

test('the installed command makes a policy project with everything that the checkout would give it', (t) => {
  must(t, installed.portreeve('policy', 'init', 'policies', '--recipe', ...recipeNames()));
  const made = filesBelow(join(installed.folder, 'policies')).toSorted();
  t.deepEqual(made, [...starterFiles(recipeNames()).keys()].toSorted());
});

test('the installed demo decides every connection as expected, and decides its requests without a server', (t) => {
  const demo = installed.portreeve('demo', '--json');
  t.is(demo.code, 0, `${demo.stderr}${demo.stdout}`);
  t.true((JSON.parse(demo.stdout) as { readonly as_expected: boolean }).as_expected);
  const config = ['--config', '.portreeve/once/portreeve.yaml'];
  const decide = (name: string): Ran =>
    installed.portreeve('decide', '--request', `.portreeve/once/requests/${name}.json`, ...config);
  const active = decide('active-meter');
  t.is(active.code, 0, active.stderr);
  const revoked = decide('revoked');
  t.is(revoked.code, 3, revoked.stderr);
  t.true(revoked.stdout.includes('revocation.revoked'));
});

test("an installed server decides for a program that imports the package's client", async (t) => {
  const fleet = await makeLiveFleet(t, ['meter-1']);
  const server = start(installed.bin, ['serve', '--config', fleet.configFile], environment);
  t.teardown(() => server.stop('SIGKILL'));
  await until(
    'the installed server is ready',
    async () => (await fetch(`http://127.0.0.1:${fleet.adminPort}/readyz`)).status === 200,
    { running: server, timeoutMs: 30_000 },
  );
  const device = await fleet.device('meter-1');
  writeFileSync(join(installed.folder, 'leaf.der'), device.der);
  writeFileSync(
    join(installed.folder, 'ask.mjs'),
    `import { readFileSync } from 'node:fs';
import { createDecisionClient } from 'portreeve/client';
const client = createDecisionClient('127.0.0.1:${fleet.grpcPorts[0]}');
const decision = await client.decide({
  peer_chain: [readFileSync('leaf.der')],
  authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
  source_ip: '127.0.0.1',
});
client.close();
process.stdout.write(JSON.stringify(decision));
`,
  );
  const asked = must(t, run(process.execPath, ['ask.mjs'], installed.folder));
  const decision = JSON.parse(asked.stdout) as { readonly outcome: string; readonly device_id: string };
  t.is(decision.outcome, 'allow');
  t.is(decision.device_id, 'meter-1');
  t.is(await server.stop('SIGTERM'), 0, server.output());
});
