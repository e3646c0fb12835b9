/**
 * Runs the parts of the test suite, or those named as arguments, and counts them. The last line is
 * `N passed, N failed[, N skipped]`. A part that lacks its tool is skipped loudly; with CI=true it fails.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const inCi = process.env.CI === 'true';

/** Tests start processes by the hundred, which load the same modules: compiled once, they start in half the time. */
const compileCache = process.env.NODE_COMPILE_CACHE ?? join(root, '.tools/cache/node');

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

interface Part {
  readonly name: string;
  /** Takes one core, and no test beside it would notice. */
  readonly single?: boolean;
  readonly run: () => Promise<Count>;
}

interface Outcome {
  readonly code: number;
  readonly output: string;
}

function execute(
  command: string,
  args: readonly string[],
  onLine?: (line: string) => void,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: {
        ...process.env,
        PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
        FORCE_COLOR: '0',
        NODE_COMPILE_CACHE: compileCache,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let rest = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      rest += chunk.toString();
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      if (onLine) lines.forEach(onLine);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** A command that is one check: passed when it exits 0; its output is shown when it does not. */
function check(name: string, command: string, args: readonly string[]): Part {
  return {
    name,
    single: true,
    run: async () => {
      const { code, output } = await execute(command, args);
      if (code !== 0) process.stdout.write(output);
      return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
    },
  };
}

/** All ava tests below test/<folder>, counted from their TAP; failures are shown with their diagnostics. */
function ava(folder: string, extra: readonly string[] = []): Part {
  return {
    name: folder,
    run: async () => {
      if (!hasTests(join(root, 'test', folder))) return { passed: 0, failed: 0, skipped: 0 };
      const count: Count = { passed: 0, failed: 0, skipped: 0 };
      let failing = false;
      const { code, output } = await execute(
        'ava',
        ['--tap', ...extra, `test/${folder}/**/*.test.ts`],
        (line) => {
          if (/^\s*not ok /.test(line) && !/# TODO/.test(line)) count.failed += 1;
          else if (/^\s*ok .*# SKIP/.test(line)) {
            count.skipped += 1;
            process.stdout.write(`  SKIPPED ${line.trim().replace(/^ok \d+ - (.*?) # SKIP.*$/, '$1')}\n`);
          } else if (/^\s*ok /.test(line)) count.passed += 1;
          if (/^\s*(not ok |ok |1\.\.|# )/.test(line)) failing = /^\s*not ok /.test(line);
          if (failing) process.stdout.write(`  ${line}\n`);
        },
      );
      // A crash or an unhandled rejection outside any test must not look green.
      if (code !== 0 && count.failed === 0) {
        process.stdout.write(output.split('\n').slice(-60).join('\n'));
        count.failed += 1;
      }
      return count;
    },
  };
}

function hasTests(folder: string): boolean {
  return (
    existsSync(folder) &&
    readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.test.ts'))
  );
}

/** Rego formatting, strict check, tests, and that the committed bundle is what its sources make. */
const rego: Part = {
  name: 'rego',
  run: async () => {
    const found = await execute('sh', ['scripts/opa.sh']);
    const opa = found.output.trim().split('\n').pop() ?? '';
    if (found.code !== 0) {
      process.stdout.write(found.output);
      process.stdout.write('  SKIPPED: no opa, so the policy was neither checked, tested nor rebuilt\n');
      return inCi ? { passed: 0, failed: 1, skipped: 0 } : { passed: 0, failed: 0, skipped: 1 };
    }
    const total: Count = { passed: 0, failed: 0, skipped: 0 };
    const steps: readonly (readonly [string, readonly string[]])[] = [
      [opa, ['fmt', '--fail', '--list', 'rego', 'bench/peers/opa']],
      [
        opa,
        [
          'check',
          '--strict',
          '--schema',
          'rego/schema/input.json',
          '--capabilities',
          'rego/capabilities.json',
          'rego/portreeve',
        ],
      ],
      [opa, ['check', '--strict', 'bench/peers/opa']],
      ['node', ['scripts/build-bundle.ts', '--check']],
    ];
    for (const [command, args] of steps) {
      const { code, output } = await execute(command, args);
      if (code === 0) total.passed += 1;
      else {
        total.failed += 1;
        process.stdout.write(`  ${args.join(' ')}\n${output}`);
      }
    }
    // The default policy, and what the benchmark gives another engine for the same work.
    for (const folders of [['rego/portreeve', 'rego/data'], ['bench/peers/opa']]) {
      const tests = await execute(opa, ['test', '--format', 'json', ...folders]);
      const results = parseOpaTests(tests.output);
      if (results === undefined) {
        process.stdout.write(tests.output);
        total.failed += 1;
        return total;
      }
      for (const result of results) {
        if (result.fail || result.error) {
          total.failed += 1;
          process.stdout.write(`  not ok ${result.package}.${result.name}\n`);
        } else total.passed += 1;
      }
    }
    return total;
  },
};

function parseOpaTests(
  text: string,
): { package: string; name: string; fail?: boolean; error?: unknown }[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? (parsed as { package: string; name: string }[]) : undefined;
  } catch {
    return undefined;
  }
}

const parts: readonly Part[] = [
  check('types', 'tsc', ['-p', '.']),
  check('lint', 'eslint', ['.', '--max-warnings', '0']),
  check('format', 'prettier', ['--check', '--log-level', 'warn', '.']),
  // Before the tests that compile policies: it fetches the compiler.
  rego,
  ava('arch'),
  ava('unit'),
  ava('property'),
  ava('cases'),
  ava('conformance'),
  check('docs: reasons', 'node', ['scripts/docs-reasons.ts', '--check']),
  check('docs: policy input', 'node', ['scripts/policy-input.ts', '--check']),
  check('docs: configuration', 'node', ['scripts/docs-config.ts', '--check']),
  check('docs: performance', 'node', ['scripts/docs-performance.ts', '--check']),
  // Servers with their workers: the tests of one file at a time share the machine.
  ava('fault', ['--concurrency', '1']),
  ava('e2e', ['--concurrency', '1', '--timeout', '300s']),
];

const wanted = process.argv.slice(2);
const chosen = parts.filter(
  (part) => wanted.length === 0 || wanted.includes(part.name.split(':')[0] as string),
);
const unknown = wanted.filter((name) => !parts.some((part) => part.name.split(':')[0] === name));
if (unknown.length > 0) {
  process.stderr.write(
    `no such part: ${unknown.join(', ')}; parts: ${parts.map((part) => part.name).join(', ')}\n`,
  );
  process.exit(2);
}

const sum: Count = { passed: 0, failed: 0, skipped: 0 };

async function runPart(part: Part): Promise<void> {
  const started = performance.now();
  const count = await part.run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(
    `${count.failed > 0 ? 'FAILED ' : 'ok     '} ${part.name}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped (${seconds} s)\n`,
  );
  sum.passed += count.passed;
  sum.failed += count.failed;
  sum.skipped += count.skipped;
}

await Promise.all(chosen.filter(({ single }) => single).map(runPart));
for (const part of chosen.filter(({ single }) => !single)) await runPart(part);
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
process.stdout.write(
  `${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}\n`,
);
