import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { refuseUnknownBuiltins } from '../../../src/policy/builtins.ts';
import { createPolicyEngine } from '../../../src/policy/engine.ts';
import { createHost } from '../../../src/policy/host.ts';
import { packBundle } from '../../../src/policy/pack-bundle.ts';
import { parseBundle } from '../../../src/policy/bundle.ts';
import { readTar } from '../../../src/policy/tar.ts';
import { webAssembly } from '../../../src/policy/web-assembly.ts';
import { opa, policyBundle, withOpa } from '../../helpers/policies.ts';

interface Builtin {
  readonly name: string;
  readonly infix?: string;
  readonly relation?: boolean;
  readonly decl: { readonly args?: readonly unknown[] };
}

const capabilities = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../rego/capabilities.json'), 'utf8'),
) as { readonly builtins: readonly Builtin[] };

/** Not functions that a policy calls: the compiler puts them in, or takes them out. */
const ofTheCompiler = /^(internal\..*|assign|eq|print)$/;

/** Compiles with the given flags and answers the bare module, without any check of ours. */
function compileModule(opa: string, rego: string, flags: readonly string[] = []): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-caps-'));
  try {
    writeFileSync(join(folder, 'policy.rego'), rego);
    const args = [
      'build',
      '-t',
      'wasm',
      '-e',
      'portreeve/decision',
      ...flags,
      '-o',
      'out.tar.gz',
      'policy.rego',
    ];
    const built = spawnSync(opa, args, { cwd: folder, encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr + built.stdout);
    return readTar(gunzipSync(readFileSync(join(folder, 'out.tar.gz')))).get('policy.wasm') as Uint8Array;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function builtinsOf(wasm: Uint8Array): Promise<readonly string[]> {
  const memory = new webAssembly.Memory({ initial: 8, maximum: 64 });
  return createHost(await webAssembly.compile(wasm), memory).builtins;
}

function call({ name, infix, relation, decl }: Builtin): string {
  const args = (decl.args ?? []).map((_, index) => `input.custom[${index}]`);
  if (infix !== undefined) return `x := ${args[0]} ${infix} ${args[1]}`;
  return relation ? `${name}(${args.join(', ')}, x)` : `x := ${name}(${args.join(', ')})`;
}

withOpa('every built-in that the capabilities allow is native in the compiled module', async (t) => {
  const callable = capabilities.builtins.filter(({ name }) => !ofTheCompiler.test(name));
  t.true(callable.length > 80);
  const rules = callable.map((builtin) => `decision contains x if ${call(builtin)}\n`);
  const extra =
    'decision contains x if { some k, v in input.custom; input.sni in v; k, v in input.custom; x := k }\n';
  const wasm = compileModule(opa.path, `package portreeve\n\n${rules.join('\n')}\n${extra}`);
  t.deepEqual(await builtinsOf(wasm), []);
});

withOpa('the compiler refuses what the run time lacks', (t) => {
  for (const wrong of [
    'sprintf("%v", [1])',
    'http.send({})',
    'time.now_ns()',
    'rand.intn("a", 2)',
    'opa.runtime()',
    'regex.split("a", "b")',
  ]) {
    t.throws(
      () => policyBundle(`package portreeve\n\ndecision := ${wrong}\n`),
      { message: /undefined function/ },
      wrong,
    );
  }
});

withOpa('a policy that prints while it is tested compiles, and prints nothing when it decides', (t) => {
  t.notThrows(() => policyBundle('package portreeve\n\ndecision := 1 if print("seen", input.device_id)\n'));
});

withOpa(
  'a module compiled without the capabilities is refused when it is loaded, naming what is missing',
  async (t) => {
    const wasm = compileModule(opa.path, 'package portreeve\n\ndecision := sprintf("%v", [input.sni])\n');
    t.deepEqual(await builtinsOf(wasm), ['sprintf']);
    const contents = { data: {}, revision: 'r', inputVersion: 1, compiler: 'opa', sources: {} };
    await t.throwsAsync(createPolicyEngine(parseBundle(packBundle({ ...contents, wasm })), { classes: {} }), {
      code: 'PDP_BUNDLE_INVALID',
      message: /sprintf/,
    });
  },
);

test('no built-in is supplied behind the policy’s back', (t) => {
  t.notThrows(() => refuseUnknownBuiltins([]));
  t.throws(() => refuseUnknownBuiltins(['yaml.marshal', 'http.send']), {
    message: /http\.send, yaml\.marshal/,
  });
});
