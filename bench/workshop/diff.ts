/**
 * Wall-clock time, processor time and peak memory of `policy diff` over a log of records, as a process of its own. NEW is
 * the default policy with one rule more, by which some devices are locked out. Goal: 1,000,000 records in 180 s on two cores.
 * Usage: node bench/workshop/diff.ts [--records N] [--connections N] [--jobs N]
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pinnedOpa } from '../../scripts/opa.ts';
import { root, publish, rounded } from '../scale/figures.ts';
import { changedPolicy, makeBenchRecords } from './records.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '100000' },
    connections: { type: 'string', default: '4' },
    jobs: { type: 'string', default: String(availableParallelism()) },
  },
});
const count = Number(values.records);
/** Seconds that a million records may take. */
const goal = 180;

/** Tells at its end what the process has used, all threads together. */
const telling = `data:text/javascript,${encodeURIComponent(
  "import { isMainThread } from 'node:worker_threads'; if (isMainThread) process.on('exit', () => process.stderr.write(JSON.stringify(process.resourceUsage())));",
)}`;

interface Told {
  readonly compared: number;
  readonly lock_outs: number;
  readonly undecidable: number;
}

function diff(records: string, config: string, policy: string) {
  const started = performance.now();
  const ran = spawnSync(
    process.execPath,
    [
      ...['--import', telling, '--disable-warning=ExperimentalWarning', join(root, 'src/main.ts')],
      ...['policy', 'diff', 'default', policy, '--records', records, '--config', config],
      ...['--jobs', values.jobs, '--opa', pinnedOpa()?.path ?? 'opa', '--json'],
    ],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const seconds = (performance.now() - started) / 1000;
  if (ran.status !== 0) throw new Error(`policy diff answers ${ran.status}: ${ran.stderr}${ran.stdout}`);
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(ran.stderr) as NodeJS.ResourceUsage;
  return {
    told: JSON.parse(ran.stdout) as Told,
    seconds,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakMb: maxRSS / 1024,
  };
}

const folder = mkdtempSync(join(tmpdir(), 'portreeve-bench-diff-'));
process.stderr.write(`writing ${count} records\n`);
const made = await makeBenchRecords(count, Number(values.connections));
try {
  cpSync(join(root, 'rego'), folder, { recursive: true });
  const { told, seconds, cpuSeconds, peakMb } = diff(made.records, made.config, changedPolicy(folder));
  if (told.compared !== count || told.lock_outs === 0) throw new Error(`it told ${JSON.stringify(told)}`);
  const allowed = (goal * count) / 1_000_000;
  publish(
    'policy-diff',
    'node bench/workshop/diff.ts',
    {
      records: count,
      megabytes: Math.round(statSync(made.records).size / 1e6),
      jobs: Number(values.jobs),
      ...{ compared: told.compared, lock_outs: told.lock_outs },
      ...{ seconds: rounded(seconds), cpu_seconds: rounded(cpuSeconds), peak_mb: Math.round(peakMb) },
      records_per_second: Math.round(count / seconds),
    },
    seconds > allowed ? [`${rounded(seconds)} s for ${count} records: more than ${allowed} s`] : [],
  );
} finally {
  made.close();
  rmSync(folder, { recursive: true, force: true });
}
