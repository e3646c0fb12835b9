import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinnedOpa } from '../../scripts/opa.ts';
import { sha256Hex } from '../../src/lib/bytes.ts';
import { parseBundle } from '../../src/policy/bundle.ts';
import type { Bundle } from '../../src/policy/bundle.ts';
import type { DeclaredReason } from '../../src/policy/custom-reasons.ts';
import { buildBundle } from '../../src/workshop/build/build-bundle.ts';
import type { Opa } from '../../src/workshop/opa/find.ts';
import { projectOf } from '../../src/workshop/project/open.ts';
import { needing } from './skip.ts';
import type { Tool } from './skip.ts';

const root = join(import.meta.dirname, '../..');
const cache = join(root, '.tools/cache/policies');

/** What makes bundles of sources: a change of it makes them anew. */
const compilerFiles = [
  'src/workshop/build/compile.ts',
  'src/workshop/build/input-use.ts',
  'src/policy/pack-bundle.ts',
];

const lackOfOpa = 'opa is missing: sh scripts/opa.sh';

/** The policy compiler, where it is already there: the pinned one or, unless `exact`, a newer one. */
export function findCompiler(exact = false): Tool & { readonly opa: Opa | undefined } {
  const found = pinnedOpa('--present', ...(exact ? (['--exact'] as const) : []));
  const lack = exact ? 'opa of the pinned version is missing: sh scripts/opa.sh --exact' : lackOfOpa;
  return { opa: found, path: found?.path ?? '', lack: found === undefined ? lack : undefined };
}

/** The compiler of the tests' own policies. */
export const opa = findCompiler();

/** `test` for what compiles policies. */
export const withOpa = needing(opa.lack);

/**
 * Compiles one Rego module (its package `portreeve`, with a rule `decision`) to the path of a bundle file, once per
 * text, declared reasons and way of compiling; for tests `withOpa`. Throws with opa's words where the text does not compile.
 */
export function policyFile(rego: string, reasons?: Declared): string {
  if (opa.opa === undefined) throw new Error(opa.lack);
  const capabilities = readFileSync(join(root, 'rego/capabilities.json'), 'utf8');
  const compiler = compilerFiles.map((path) => readFileSync(join(root, path), 'utf8')).join('\0');
  const declared = reasons ? JSON.stringify(reasons) : '';
  const file = join(cache, `${sha256Hex(`${rego}\0${declared}\0${capabilities}\0${compiler}`)}.tar.gz`);
  if (!existsSync(file)) compileTo(file, opa.opa, { rego, reasons });
  return file;
}

/** The same as a bundle that was read. */
export function policyBundle(rego: string, reasons?: Declared): Bundle {
  return parseBundle(readFileSync(policyFile(rego, reasons)));
}

type Declared = Readonly<Record<string, DeclaredReason>>;

function compileTo(
  file: string,
  opa: Opa,
  { rego, reasons }: { readonly rego: string; readonly reasons: Declared | undefined },
): void {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-policy-'));
  try {
    writeFileSync(join(folder, 'policy.rego'), rego);
    const project = projectOf(join(folder, 'policy.yaml'), {
      version: 1,
      modules: ['policy.rego'],
      ...(reasons && { reasons }),
    });
    const packed = buildBundle(opa, project);
    mkdirSync(cache, { recursive: true });
    // Other test processes read the same cache: a file appears whole or not at all.
    const staged = `${file}.${process.pid}`;
    writeFileSync(staged, packed);
    renameSync(staged, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const verdict =
  '{"allow": true, "reasons": [], "entitlements": [], "headers": {}, "session_limit_s": null, "ttl_s": 60}';

/** Policies that go wrong, or right, in one known way each. */
export const policies = {
  /** Allows everything: what the floor and the wrappers must still hold against. */
  allowEverything: `package portreeve\n\ndecision := ${verdict}\n`,
  /** Says nothing about any connection that a test makes. */
  undefined: `package portreeve\n\ndecision := ${verdict} if input.tenant == "nobody"\n`,
  /** Traps when the device is active: two answers to one complete rule. */
  trap: `package portreeve\n\ndecision := ${verdict}\n\ndecision := {"allow": false} if input.device_status == "active"\n`,
  /** Gives a reason that is not in the catalogue. */
  unknownReason: `package portreeve\n\ndecision := object.union(${verdict}, {"reasons": [{"code": "policy.whim"}]})\n`,
  /** Comes back after seconds: a worker that runs it hangs. */
  hangs: nestedRanges(400),
  /** Comes back after some tenths of a second: later than any decision's deadline, sooner than a watcher bites. */
  late: nestedRanges(150),
} as const;

/**
 * A policy that goes through `size` × `size` × `size` steps of nested ranges and then allows: some 0.3 s for 150, a
 * second for 200, six for 400. The innermost range is summed and not walked because each step of a walk takes
 * memory, and the memory limit would end the evaluation (as a trap) long before time does.
 */
export function nestedRanges(size: number): string {
  return [
    'package portreeve',
    '',
    `_range := numbers.range(1, ${size})`,
    '',
    '_found if {',
    '\tsome a in _range',
    '\tsome b in _range',
    '\tsum(_range) < a - b',
    '}',
    '',
    // It reads the input whole, so that no verdict of it is remembered: every evaluation takes its time.
    `decision := ${verdict} if {`,
    '\tcount(input) > 0',
    '\tnot _found',
    '}',
    '',
  ].join('\n');
}
