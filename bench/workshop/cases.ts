/**
 * Time of the case part of `policy test` (read, issue, decide, judge) beside `opa test` on as many Rego tests of the same
 * logic, both on the default policy: rounds that alternate on one machine, medians, their ratios. First run: nothing is
 * kept; second run: certificates are kept by their descriptions. CPU time is told beside wall-clock time, since a machine
 * that does other things stretches the latter. Results: bench/results/policy-cases.json.
 * Usage: node bench/workshop/cases.ts [--cases N] [--certificates N] [--rounds N] [--json]
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { circumstances, save } from '../scale/figures.ts';
import { findOpa } from '../../src/workshop/opa/find.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000' },
    certificates: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.cases);
const certificates = Number(values.certificates);
const rounds = Number(values.rounds);
const targets = { first: 5, second: 2.5 };
const folder = mkdtempSync(join(tmpdir(), 'portreeve-bench-cases-'));
const rego = join(import.meta.dirname, '../../rego');

interface Situation {
  readonly device: number;
  readonly credential: 'good' | 'revoked' | 'expired';
  readonly status: 'active' | 'quarantined';
  readonly inside: boolean;
}

function situation(index: number): Situation {
  const device = index % certificates;
  const round = Math.floor(index / certificates);
  return {
    device,
    credential: device % 10 === 7 ? 'revoked' : device % 10 === 8 ? 'expired' : 'good',
    status: round === 3 ? 'quarantined' : 'active',
    inside: round % 2 === 0,
  };
}

function reason({ credential, status, inside }: Situation): string | undefined {
  if (credential === 'revoked') return 'revocation.revoked';
  if (credential === 'expired') return 'credential.expired';
  if (status === 'quarantined') return 'inventory.quarantined';
  return inside ? undefined : 'network.source_not_allowed';
}

const head = `at: 2026-06-01T12:00:00Z
fixtures:
  configuration:
    classes:
      meter:
        { assurance: device_proved, binding: issuer, issuers: [meters], anchors: [fleet], networks: [10.20.0.0/16], ttl: 1h }
  authorities: { fleet: { profile: spiffe }, meters: { under: fleet } }
cases:
`;

const words = {
  good: '',
  revoked: ', revoked: { reason: keyCompromise }',
  expired: ', not_before: -90d, not_after: -1d',
};

function caseText(index: number): string {
  const one = situation(index);
  const denied = reason(one);
  return `  - title: case ${index}
    certificate: { id: spiffe://fleet.example/meter/${one.device}, issuer: meters${words[one.credential]} }
    device: { class: meter, site: lyon, status: ${one.status} }
    network: { source_ip: ${one.inside ? '10.20.0' : '192.0.2'}.${1 + (one.device % 250)} }
    expect: { outcome: ${denied ? 'deny' : 'allow'}, reasons: ${denied ? `{ contains: [${denied}] }` : '[policy.ok]'} }
`;
}

/** The same situation as a policy author tests it without certificates: by the input that he believes it to make. */
function testText(index: number): string {
  const one = situation(index);
  const denied = reason(one);
  const findings = { good: [], revoked: ['revocation.revoked'], expired: ['credential.expired'] }[
    one.credential
  ];
  const changes = {
    device_id: `spiffe://fleet.example/meter/${one.device}`,
    credential_valid: findings.length === 0,
    credential_findings: findings,
    device_status: one.status,
    ...(!one.inside && { source_outside: ['class'], source_ip_outside: `192.0.2.${1 + (one.device % 250)}` }),
  };
  const verdict = `data.portreeve.decision with input as object.union(sample.device, ${JSON.stringify(changes)}) with data.portreeve.classes as sample.classes`;
  const holds = denied
    ? `not d.allow\n\t${denied.startsWith('credential') || denied.startsWith('revocation') ? 'true' : `some r in d.reasons\n\tr.code == "${denied}"`}`
    : 'd.allow';
  return `test_case_${index} if {\n\td := ${verdict}\n\t${holds}\n}\n`;
}

function write(): void {
  const all = Array.from({ length: count }, (_, index) => index);
  writeFileSync(join(folder, 'cases.yaml'), head + all.map(caseText).join(''));
  cpSync(join(rego, 'portreeve'), join(folder, 'rego'), {
    recursive: true,
    filter: (path) => !path.endsWith('_test.rego') || path.endsWith('sample_test.rego'),
  });
  mkdirSync(join(folder, 'rego/bench'));
  writeFileSync(
    join(folder, 'rego/bench/bench_test.rego'),
    `package portreeve.bench_test\n\nimport data.portreeve.sample_test as sample\n\n${all.map(testText).join('\n')}`,
  );
}

interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

/** One process; CPU time is that of its whole group where the system tells. */
function opaTest(opa: string): Cost {
  const started = performance.now();
  const run = spawnSync('sh', ['-c', `"${opa}" test rego >/dev/null; status=$?; times; exit $status`], {
    cwd: folder,
    encoding: 'utf8',
  });
  const wall = performance.now() - started;
  if (run.status !== 0) throw new Error(`opa test: ${run.stdout}${run.stderr}`);
  return { wall, cpu: childTime(run.stdout) };
}

/** The last line of `times`: user and system time of children, such as `0m0.456s 0m0.020s`. */
function childTime(output: string): number {
  const last = output.trim().split('\n').at(-1) ?? '';
  return [...last.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1000,
    0,
  );
}

function casePart(cache: string): Cost {
  const run = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'case-part.ts'), join(folder, 'cases.yaml'), cache],
    { encoding: 'utf8' },
  );
  if (run.status !== 0) throw new Error(run.stderr);
  const { passed, ...cost } = JSON.parse(run.stdout) as Cost & { passed: number };
  if (passed !== count) throw new Error(`${passed} of ${count} cases passed`);
  return cost;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;
}

function medians(costs: readonly Cost[]): Cost {
  return { wall: median(costs.map(({ wall }) => wall)), cpu: median(costs.map(({ cpu }) => cpu)) };
}

try {
  write();
  const { path: opa } = findOpa({ env: { opa: process.env['PORTREEVE_OPA'], path: process.env['PATH'] } });
  const seen = { opa: [] as Cost[], first: [] as Cost[], second: [] as Cost[] };
  for (let round = 0; round < rounds; round++) {
    const cache = join(folder, `kept-${round}`);
    seen.opa.push(opaTest(opa));
    seen.first.push(casePart(cache));
    seen.second.push(casePart(cache));
  }
  const [tests, first, second] = [medians(seen.opa), medians(seen.first), medians(seen.second)];
  const of = (cost: Cost) => ({
    ...cost,
    ratio_wall: cost.wall / tests.wall,
    ratio_cpu: cost.cpu / tests.cpu,
  });
  const result = {
    command: `node bench/workshop/cases.ts --cases ${count} --certificates ${certificates} --rounds ${rounds}`,
    ...circumstances(),
    cases: count,
    certificates,
    rounds,
    opa_test: tests,
    first: of(first),
    second: of(second),
    targets,
  };
  save('policy-cases', result);
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    const line = (name: string, { wall, cpu }: Cost, more = '') =>
      process.stdout.write(
        `${name.padEnd(12)} ${wall.toFixed(0).padStart(6)} ms  ${cpu.toFixed(0).padStart(6)} ms CPU${more}\n`,
      );
    const ratio = (cost: Cost, target: number) =>
      `  ${(cost.wall / tests.wall).toFixed(2)} times (${(cost.cpu / tests.cpu).toFixed(2)} by CPU time), goal ${target}`;
    line('opa test', tests);
    line('first run', first, ratio(first, targets.first));
    line('second run', second, ratio(second, targets.second));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
