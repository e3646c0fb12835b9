import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { releaseName, startMirror, type Mirror } from '../helpers/mirror.ts';
import { findCompiler } from '../helpers/policies.ts';
import { needing } from '../helpers/skip.ts';
import { root } from '../helpers/source-files.ts';

/*
 * The CI files of a new policy project, as CI would run them: in a folder where nothing is but a checkout, with what a
 * mirror on loopback serves (this package as it would be published, all that it needs, and opa), and with nothing else.
 */
const opa = findCompiler(true);
const withOpaSerial = needing(opa.lack, { serial: true });

/** These run while nothing else wants the machine, so that each takes as long as all others do (ms). */
const longest = 1_200_000;

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

let folder: string;
let mirror: Mirror;
/** The project that the packed program has made. */
let project: string;

/** Runs a script as CI does, with nothing of this machine's but Node, the system's own tools and `variables`. */
function run(script: string, cwd: string, variables: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const { PATH: extra, ...others } = variables;
  const child = spawn('bash', ['-eo', 'pipefail', '-c', script], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      HOME: join(folder, 'home'),
      npm_config_cache: join(folder, 'npm-cache'),
      PATH: [extra ?? '', join(folder, 'forbidden'), dirname(process.execPath), '/usr/bin', '/bin']
        .filter((one) => one !== '')
        .join(delimiter),
      ...others,
    },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

async function must(t: ExecutionContext, ran: Promise<Ran>): Promise<string> {
  const { code, output } = await ran;
  if (code !== 0) t.fail(`exit ${code}: ${output}`);
  return output;
}

test.before('pack the program, serve it, install it from there, and make a project', async (t) => {
  t.timeout(longest);
  if (opa.opa === undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'portreeve-ci-'));
  for (const name of ['home', 'forbidden', 'tool']) mkdirSync(join(folder, name));
  for (const name of ['go', 'sudo', 'opa']) {
    const text = `#!/bin/sh\necho "$0 $*" >> '${join(folder, 'called')}'\nexit 99\n`;
    writeFileSync(join(folder, 'forbidden', name), text, { mode: 0o755 });
  }
  await must(t, run('sh scripts/build.sh', root));
  await must(t, run(`npm pack --ignore-scripts --pack-destination '${folder}'`, root));
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  mirror = await startMirror(opa.opa, join(folder, archive));
  const registry = { npm_config_registry: `${mirror.url}/npm/` };
  await must(t, run('npm install --no-audit --no-fund portreeve', join(folder, 'tool'), registry));
  project = join(folder, 'project');
  await must(t, run(`node_modules/.bin/portreeve policy init '${project}'`, join(folder, 'tool')));
});

test.after.always('remove the folder', () => {
  mirror?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** A checkout of the project on a branch, with `main` as its origin has it. */
async function checkout(t: ExecutionContext): Promise<string> {
  const there = mkdtempSync(join(folder, 'checkout-'));
  cpSync(project, there, { recursive: true });
  const git = 'git -c user.name=author -c user.email=author@example.org';
  await must(
    t,
    run(
      `git init -q -b change . && git add . && ${git} commit -q -m "The policy" && git update-ref refs/remotes/origin/main HEAD`,
      there,
    ),
  );
  return there;
}

function signingKey(): { readonly pem: string; readonly publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly if?: string;
}

withOpaSerial(
  'every run block of the file for GitHub Actions passes in a checkout, step by step',
  async (t) => {
    t.timeout(longest);
    const cwd = await checkout(t);
    const workflow = parse(readFileSync(join(cwd, '.github/workflows/policy.yml'), 'utf8')) as {
      readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
    };
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
    t.true(steps.filter((step) => step.run !== undefined).length >= 5);
    const { pem, publicPem } = signingKey();
    const paths = join(cwd, 'github-path');
    const summary = join(cwd, 'github-summary');
    for (const step of steps) {
      if (step.run === undefined) {
        t.regex(step.uses ?? '', /^actions\/[a-z-]+@v\d+$/);
        continue;
      }
      const PATH = existsSync(paths) ? readFileSync(paths, 'utf8').trim().split('\n').join(delimiter) : '';
      t.notRegex(step.run, /\$\{\{/, 'expressions stand in variables, not in scripts');
      await must(
        t,
        run(step.run, cwd, {
          ...{ PATH, TOOLS_MIRROR: mirror.url, POLICY_SIGNING_KEY: pem },
          ...{ GITHUB_PATH: paths, GITHUB_STEP_SUMMARY: summary, GITHUB_BASE_REF: 'main' },
        }),
      );
    }
    t.regex(readFileSync(summary, 'utf8'), /no connection flips/);
    t.regex(readFileSync(join(cwd, 'report.xml'), 'utf8'), /<testsuites/);
    t.regex(readFileSync(join(cwd, 'coverage.info'), 'utf8'), /^SF:/m);
    writeFileSync(join(cwd, 'key.pem'), publicPem);
    const inspected = await must(
      t,
      run(
        '.tools/bin/portreeve policy inspect policy.tar.gz --verification-key key.pem --key-id policy',
        cwd,
      ),
    );
    t.regex(inspected, /EdDSA by "policy", verified/);
    nothingElse(t);
  },
);

withOpaSerial('every script block of the file for GitLab passes in a checkout, job by job', async (t) => {
  t.timeout(longest);
  const cwd = await checkout(t);
  const file = parse(readFileSync(join(cwd, '.gitlab-ci.yml'), 'utf8')) as Readonly<
    Record<string, { readonly script?: readonly string[]; readonly before_script?: readonly string[] }>
  >;
  const jobs = Object.entries(file).filter(([, job]) => job.script !== undefined);
  t.deepEqual(
    jobs.map(([name]) => name),
    ['policy', 'compare'],
  );
  const base = (await must(t, run('git rev-parse HEAD', cwd))).trim();
  for (const [, job] of jobs) {
    const script = [...(file['default']?.before_script ?? []), ...(job.script ?? [])].join('\n');
    await must(t, run(script, cwd, { TOOLS_MIRROR: mirror.url, CI_MERGE_REQUEST_DIFF_BASE_SHA: base }));
  }
  for (const made of ['policy.tar.gz', 'report.xml', 'coverage.info', 'compare.md']) {
    t.true(existsSync(join(cwd, made)), made);
  }
  nothingElse(t);
});

withOpaSerial('what is pinned is installed, and nothing that was exchanged since', async (t) => {
  t.timeout(longest);
  const cwd = await checkout(t);
  const install = (option = '') => run(`sh ci/install.sh ${option}`, cwd, { TOOLS_MIRROR: mirror.url });
  t.regex(await must(t, install()), /opa .* is not pinned[^]*portreeve is not pinned/);
  await must(t, install('--pin'));
  t.regex(
    readFileSync(join(cwd, 'ci/opa.sha256'), 'utf8'),
    new RegExp(`^[0-9a-f]{64}  v[0-9.]+/${releaseName()}$`, 'm'),
  );
  const lock = readFileSync(join(cwd, 'ci/package-lock.json'), 'utf8');
  t.regex(lock, /"node_modules\/portreeve": \{[^}]*"integrity": "sha512-/);
  t.notRegex(lock, /127\.0\.0\.1/, 'checksums and no addresses');
  t.notRegex(await must(t, install()), /not pinned/);

  const path = mirror.asked.find((one) => one.endsWith(releaseName())) ?? '';
  mirror.exchange(path, Buffer.from('#!/bin/sh\n'));
  const exchanged = await install();
  t.is(exchanged.code, 1);
  t.regex(exchanged.output, /does not have the checksum/);
  mirror.exchange(path, readFileSync(opa.path));

  // A registry that serves another package under the same version, with the checksum of that one.
  rmSync(join(folder, 'npm-cache'), { recursive: true, force: true });
  writeFileSync(
    join(cwd, 'ci/package-lock.json'),
    lock.replace(/("node_modules\/portreeve": \{[^}]*"sha512-)..../, '$1AAAA'),
  );
  const another = await install();
  t.not(another.code, 0);
  t.regex(another.output, /EINTEGRITY/);
  nothingElse(t);
});

/** Neither Go, nor root, nor an opa of the machine. */
function nothingElse(t: ExecutionContext): void {
  const called = join(folder, 'called');
  t.false(existsSync(called), existsSync(called) ? readFileSync(called, 'utf8') : '');
}
