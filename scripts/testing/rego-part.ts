import { execute } from './execute.ts';
import type { Outcome } from './execute.ts';
import { noCount } from './part.ts';
import type { Part } from './part.ts';

const inCi = process.env.CI === 'true';

let fetched: Promise<Outcome> | undefined;

/** Finds or fetches the policy compiler, once; its path is the last line. */
export function fetchOpa(): Promise<Outcome> {
  return (fetched ??= execute('sh', ['scripts/opa.sh']));
}

/** Rego formatting, strict check, tests, and that the committed bundle is what its sources make. */
export const rego: Part = {
  name: 'rego',
  manner: 'yields',
  run: async ({ say, yields }) => {
    const found = await fetchOpa();
    const opa = found.output.trim().split('\n').pop() ?? '';
    if (found.code !== 0) {
      say(found.output);
      say('  SKIPPED: no opa, so the policy was neither checked, tested nor rebuilt');
      return inCi ? { ...noCount(), failed: 1 } : { ...noCount(), skipped: 1 };
    }
    const total = noCount();
    for (const [command, args] of stepsWith(opa)) {
      const { code, output } = await execute(command, args, { yields });
      if (code === 0) total.passed += 1;
      else {
        total.failed += 1;
        say(`  ${args.join(' ')}\n${output}`);
      }
    }
    // The default policy, and what the benchmark gives another engine for the same work.
    for (const folders of [['rego/portreeve', 'rego/data'], ['bench/peers/opa']]) {
      const tests = await execute(opa, ['test', '--format', 'json', ...folders], { yields });
      const results = parseOpaTests(tests.output);
      if (results === undefined) {
        say(tests.output);
        total.failed += 1;
        return total;
      }
      for (const result of results) {
        if (result.fail || result.error) {
          total.failed += 1;
          say(`  not ok ${result.package}.${result.name}`);
        } else total.passed += 1;
      }
    }
    return total;
  },
};

function stepsWith(opa: string): readonly (readonly [command: string, args: readonly string[]])[] {
  const schema = ['--schema', 'rego/schema', '--capabilities', 'rego/capabilities.json'];
  return [
    [opa, ['fmt', '--fail', '--list', 'rego', 'bench/peers/opa']],
    [opa, ['check', '--strict', ...schema, 'rego/portreeve']],
    [opa, ['check', '--strict', 'bench/peers/opa']],
    ['node', ['scripts/build-bundle.ts', '--check']],
  ];
}

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
