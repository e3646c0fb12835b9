import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { isRawNumber, parseExactJson } from '../../src/lib/exact-json.ts';
import type { ExactJson } from '../../src/lib/exact-json.ts';
import { createPolicyProgram } from '../../src/policy/engine.ts';
import { readTar } from '../../src/policy/tar.ts';
import type { CallTable } from './builtin-tables/table.ts';

/** What both said of one call: JSON text, its sets sorted; undefined where the expression is. */
export interface Compared {
  readonly expression: string;
  readonly call: readonly unknown[];
  readonly opa: string | undefined;
  readonly ours: string | undefined;
}

const capabilities = join(import.meta.dirname, '../../rego/capabilities-compat.json');

/**
 * Evaluates every call of a table with `opa eval`, in one process, and with our engine and its built-ins. The expressions become one Rego module; the calls are its input, their numbers as they are written.
 */
export async function compareWithOpa(
  opa: string,
  table: CallTable,
  now: number,
): Promise<readonly Compared[]> {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-differential-'));
  try {
    writeFileSync(join(folder, 'p.rego'), moduleOf(table));
    const input = JSON.stringify({ calls: table.map(([, calls]) => calls) });
    writeFileSync(join(folder, 'input.json'), input);
    const run = (...args: readonly string[]): string => {
      const { status, stdout, stderr } = spawnSync(opa, args, {
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: 2 ** 30,
      });
      if (status !== 0) throw new Error((stderr + stdout).slice(0, 2000));
      return stdout;
    };
    const theirs = run('eval', '-d', 'p.rego', '-i', 'input.json', '--format', 'json', 'data.t.results');
    run('build', '-t', 'wasm', '-e', 't/results', '--capabilities', capabilities, '-o', 'b.tar.gz', 'p.rego');
    const wasm = readTar(gunzipSync(readFileSync(join(folder, 'b.tar.gz')))).get('policy.wasm');
    if (!wasm) throw new Error('opa made no module');
    const bundle = { wasm, data: {}, entrypoint: 't/results' };
    const program = await createPolicyProgram(bundle, { classes: {}, builtins: 'compat' });
    // One expression at a time: the calls of all together, with their results, need more memory than a module has.
    const ours = table.flatMap((_, asked) => {
      const calls = table.map(([, one], index) => (index === asked ? one : []));
      const said = program.run(JSON.stringify({ calls }), { now, decisionId: 'differential' });
      return [...resultsOf(said as ExactJson)];
    });
    return pair(table, resultsOf(evalResult(theirs)), new Map(ours));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function moduleOf(table: CallTable): string {
  const rules = table.map(
    ([expression], index) =>
      `results contains {"t": ${index}, "i": i, "x": x} if {\n\tsome i, c in input.calls[${index}]\n\tx := ${expression}\n}\n`,
  );
  return `package t\n\n${rules.join('\n')}`;
}

interface Row {
  readonly t: number;
  readonly i: number;
  readonly x: ExactJson;
}

function evalResult(text: string): ExactJson {
  const { result } = parseExactJson(text) as unknown as {
    readonly result: readonly [{ readonly expressions: readonly [{ readonly value: ExactJson }] }];
  };
  return [{ result: result[0].expressions[0].value }];
}

function resultsOf(set: ExactJson): ReadonlyMap<string, string> {
  const [{ result }] = set as unknown as readonly [{ readonly result: readonly Row[] }];
  return new Map(result.map(({ t, i, x }) => [`${t} ${i}`, JSON.stringify(sorted(x))]));
}

/** Keys of objects in one order. */
function sorted(value: ExactJson): ExactJson {
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return value;
  if (Array.isArray(value)) return (value as readonly ExactJson[]).map(sorted);
  const entries = Object.entries(value as Readonly<Record<string, ExactJson>>);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]),
  );
}

function pair(
  table: CallTable,
  theirs: ReadonlyMap<string, string>,
  ours: ReadonlyMap<string, string>,
): readonly Compared[] {
  return table.flatMap(([expression, calls], t) =>
    calls.map((call, i) => ({
      expression,
      call,
      opa: theirs.get(`${t} ${i}`),
      ours: ours.get(`${t} ${i}`),
    })),
  );
}
