import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createPolicyProgram } from '../../../../src/policy/engine.ts';
import type { PolicyProgram } from '../../../../src/policy/engine.ts';
import { compatBuiltins } from '../../../../src/policy/builtins/compat.ts';
import type { BuiltinMode } from '../../../../src/policy/builtins/types.ts';
import { readTar } from '../../../../src/policy/tar.ts';
import { opa, withOpa } from '../../../helpers/policies.ts';

const moment = { now: 1_700_000_000_123, decisionId: 'decision-1' };

/** A program whose entrypoint is `x`, by an expression over the input; compiled without any capabilities. */
function program(expression: string, builtins: BuiltinMode = 'compat'): Promise<PolicyProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-builtins-'));
  try {
    writeFileSync(join(folder, 'p.rego'), `package t\n\nx := ${expression}\n`);
    const args = ['build', '-t', 'wasm', '-e', 't/x', '-o', 'b.tar.gz', 'p.rego'];
    const { status, stderr, stdout } = spawnSync(opa.path, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr + stdout);
    const wasm = readTar(gunzipSync(readFileSync(join(folder, 'b.tar.gz')))).get('policy.wasm') as Uint8Array;
    return createPolicyProgram({ wasm, data: {}, entrypoint: 't/x' }, { classes: {}, builtins });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function answer(expression: string, input = 'null', at = moment): Promise<unknown> {
  return (await program(expression)).run(input, at);
}

withOpa('now is the decision’s time', async (t) => {
  t.is(JSON.stringify(await answer('time.now_ns()')), '[{"result":1700000000123000000}]');
});

withOpa(
  'random values are the same in a replay, the same by name within a decision, and others in another',
  async (t) => {
    const drawn = await program(
      '[uuid.rfc4122("a"), uuid.rfc4122("a"), uuid.rfc4122("b"), rand.intn("n", 1000000)]',
    );
    const of = (decisionId: string): readonly [string, string, string, number] => {
      const [{ result }] = drawn.run('null', { ...moment, decisionId }) as readonly [
        { readonly result: readonly [string, string, string, number] },
      ];
      return result;
    };
    const first = of('decision-1');
    t.deepEqual(of('decision-1'), first);
    t.is(first[0], first[1]);
    t.not(first[0], first[2]);
    t.regex(first[0], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    t.true(first[3] >= 0 && first[3] < 1_000_000);
    t.notDeepEqual(of('decision-2'), first);
  },
);

withOpa('time and chance outside of any decision are a trap, and no answer of their own', async (t) => {
  for (const expression of ['time.now_ns()', 'uuid.rfc4122("a")', 'rand.intn("a", 2)']) {
    const asked = await program(expression);
    t.throws(
      () => asked.run('null'),
      { code: 'PDP_POLICY_TRAP', message: /outside of any decision/ },
      expression,
    );
    t.notThrows(() => asked.run('null', moment));
  }
});

withOpa('integers are exact from the input through a built-in to the result', async (t) => {
  const number = '123456789012345678901234567890';
  const said = await answer(
    '[input, object.subset([input, 1], [input]), sprintf("%d", [input]), {"n": input}]',
    number,
  );
  t.is(JSON.stringify(said), `[{"result":[${number},true,"${number}",{"n":${number}}]}]`);
});

withOpa(
  'an error in a built-in is undefined, and the next evaluation goes on as if nothing were',
  async (t) => {
    const asked = await program('time.parse_rfc3339_ns(input)');
    t.deepEqual(asked.run('"nonsense"', moment), []);
    t.is(JSON.stringify(asked.run('"2024-02-29T00:00:00Z"', moment)), '[{"result":1709164800000000000}]');
    t.deepEqual(asked.run('7', moment), []);
  },
);

withOpa(
  'what would take more than its share is a trap that names the built-in, and not undefined',
  async (t) => {
    const cases: readonly (readonly [expression: string, input: unknown])[] = [
      ['net.cidr_expand(input)', '10.0.0.0/8'],
      ['net.cidr_expand(input)', '::/0'],
      ['sprintf(input, [1])', '%9999999d'],
      ['sprintf(input, [1, 1, 1, 1, 1, 1])', '%999999d'.repeat(6)],
      ['numbers.range_step(0, input, 1)', 1e15],
      ['regex.replace(input, "a{0,1000}$", "")', 'a'.repeat(60_000)],
      [
        'regex.replace(input, "a", "$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0")',
        'a'.repeat(95_000),
      ],
      ['regex.globs_match(input[0], input[1])', ['c', 'd'].map((end) => `${'[ab]*a'.repeat(30)}${end}[xy]*`)],
      ['regex.split(input, "x")', '('.repeat(20_000)],
      ['crypto.x509.parse_certificates(input)', 'A'.repeat(2 ** 21)],
      ['strings.any_prefix_match(input, input)', Array.from({ length: 2000 }, (_, index) => `${index}`)],
    ];
    for (const [expression, input] of cases) {
      const asked = await program(expression);
      const name = /^[a-z0-9_.]+/.exec(expression)?.[0] ?? '';
      t.throws(
        () => asked.run(JSON.stringify(input), moment),
        { code: 'PDP_POLICY_TRAP', message: new RegExp(`built-in ${name.replaceAll('.', '\\.')}:`) },
        expression,
      );
    }
  },
);

withOpa(
  'an expression that makes others backtrack for ever is matched in time linear in the text',
  async (t) => {
    const said = await answer('regex.replace(input, "^(a+)+$", "x")', JSON.stringify(`${'a'.repeat(5000)}!`));
    t.deepEqual(said, [{ result: `${'a'.repeat(5000)}!` }]);
  },
);

withOpa('what is not supplied is refused when the bundle is loaded, by name', async (t) => {
  for (const [name, call] of [
    ['http.send', 'http.send({"method": "GET", "url": "http://x"})'],
    ['net.lookup_ip_addr', 'net.lookup_ip_addr("x")'],
    ['rego.parse_module', 'rego.parse_module("a", "package a")'],
    ['io.jwt.encode_sign', 'io.jwt.encode_sign({}, {}, {})'],
  ] as const) {
    await t.throwsAsync(program(call), {
      code: 'PDP_BUNDLE_INVALID',
      message: new RegExp(name.replaceAll('.', '\\.')),
    });
  }
  await t.throwsAsync(program('sprintf("%v", [input])', 'none'), {
    code: 'PDP_BUNDLE_INVALID',
    message: /sprintf/,
  });
});

withOpa('memory stays as it is over many calls', async (t) => {
  const asked = await program('[sprintf("%v %v", [i, input.text]) | some i in numbers.range(1, 200)]');
  const input = JSON.stringify({ text: 'x'.repeat(500) });
  for (let round = 0; round < 5; round++) asked.run(input, moment);
  const pages = asked.pages();
  for (let round = 0; round < 200; round++) asked.run(input, moment);
  t.is(asked.pages(), pages);
});

withOpa('the capabilities of such policies name exactly what is native or supplied', (t) => {
  const file = join(import.meta.dirname, '../../../../rego/capabilities-compat.json');
  const { builtins } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly builtins: readonly { readonly name: string }[];
  };
  const named = builtins.map(({ name }) => name);
  t.deepEqual(
    Object.keys(compatBuiltins).filter((name) => !named.includes(name)),
    [],
  );
  t.deepEqual(
    ['http.send', 'net.lookup_ip_addr', 'rego.parse_module', 'opa.runtime'].filter((name) =>
      named.includes(name),
    ),
    ['opa.runtime'],
  );
});

withOpa('what is too deep for the stack is a trap, and not undefined', async (t) => {
  const reached = await program('count(graph.reachable_paths(input, ["n0"]))');
  const chain = Object.fromEntries(
    Array.from({ length: 12_000 }, (_, at) => [`n${at}`, [`n${at + 1}`]] as const),
  );
  t.throws(() => reached.run(JSON.stringify(chain), moment), { code: 'PDP_POLICY_TRAP' });
});
