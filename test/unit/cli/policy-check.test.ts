import { basename, dirname } from 'node:path';
import { opa, withOpa } from '../../helpers/policies.ts';
import { projectFolder } from '../../helpers/policy-projects.ts';
import { onlyObject, portreeveHere } from './helpers/run.ts';

const env = { PORTREEVE_OPA: opa.path };

function check(cwd: string, ...args: readonly string[]) {
  return portreeveHere(['policy', 'check', ...args], { cwd, env });
}

const answer = '"entitlements": [], "headers": {}, "session_limit_s": null, "ttl_s": 60';
const right = `package portreeve\n\ndecision := {"allow": true, "reasons": [], ${answer}}\n`;
const wrong = `package portreeve\n\ndecision := {"allow": true, "reasons": [{"code": "custom.sunday"}], ${answer}}\n`;

withOpa('a project without a finding answers 0', async (t) => {
  const folder = projectFolder(t, { 'policy.yaml': 'version: 1\n', 'rego/decision.rego': right });
  const { code, stdout } = await check(folder);
  t.deepEqual([code, stdout], [0, '1 module: nothing found\n']);
  t.deepEqual(onlyObject(await check(folder, '--json')), {
    passed: true,
    findings: [],
    compiles: true,
    modules: 1,
  });
});

withOpa('a finding answers 1, and names its file as seen from where the command runs', async (t) => {
  const folder = projectFolder(t, { 'policy.yaml': 'version: 1\n', 'rego/decision.rego': wrong });
  const name = basename(folder);
  const text = await check(dirname(folder), name);
  t.is(text.code, 1, text.stdout);
  t.regex(text.stdout, new RegExp(`^${name}/rego/decision\\.rego:3:50: error \\[undeclared-reason\\]`));
  const github = await check(dirname(folder), name, '--format', 'github');
  t.is(github.code, 1);
  t.regex(github.stdout, new RegExp(`^::error file=${name}/rego/decision\\.rego,line=3,`));
  const sarif = await check(dirname(folder), name, '--format', 'sarif');
  t.is(sarif.code, 1);
  t.true(sarif.stdout.includes(`"uri": "${name}/rego/decision.rego"`));
  t.is((JSON.parse(sarif.stdout) as { readonly version: string }).version, '2.1.0');
});

withOpa('a policy that does not compile answers 5', async (t) => {
  const folder = projectFolder(t, {
    'policy.yaml': 'version: 1\n',
    'rego/decision.rego': 'package portreeve\n\ndecision := unknown\n',
  });
  const { code, stdout } = await check(folder);
  t.is(code, 5, stdout);
  t.regex(stdout, /\[opa\] .*unknown/);
  t.regex(stdout, /1 module: 1 error; the policy does not compile\n$/);
});

withOpa('no project, no opa and a form that there is not answer 2', async (t) => {
  const folder = projectFolder(t, { 'policy.yaml': 'version: 1\n', 'rego/decision.rego': right });
  t.is((await check(folder, 'nowhere')).code, 2);
  t.is((await check(folder, '--opa', 'nowhere')).code, 2);
  t.is((await check(folder, '--format', 'xml')).code, 2);
});

withOpa('a file that ends too early is told at a place that readers of reports take', async (t) => {
  const folder = projectFolder(t, {
    'policy.yaml': 'version: 1\n',
    'rego/decision.rego': `${right}\ndeny contains f(\n`,
  });
  const ran = await check(folder, '--json');
  t.is(ran.code, 5);
  const { findings } = onlyObject(ran) as unknown as { findings: readonly { row: number; column: number }[] };
  t.true(findings.length > 0 && findings.every(({ row, column }) => row >= 1 && column >= 1));
});
