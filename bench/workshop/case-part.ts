/**
 * Reads one file of cases and decides them, as `policy test` does once the policy is compiled, in a process of its own;
 * prints its milliseconds and its CPU time as JSON. Usage: node bench/workshop/case-part.ts FILE CACHE JOBS
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../src/lib/clock.ts';
import { composeDecision } from '../../src/server/compose.ts';
import { openKeptFiles } from '../../src/workshop/cases/kept-files.ts';
import { loadCases, soundCases } from '../../src/workshop/cases/load.ts';
import { runCases } from '../../src/workshop/cases/run.ts';

const [file = '', cache = ''] = process.argv.slice(2);
const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const [wall, used] = [performance.now(), cpu()];
const bundle = readFileSync(join(import.meta.dirname, '../../rego/bundle/portreeve.tar.gz'));
const cases = soundCases(loadCases([file], { folder: dirname(file), kept: openKeptFiles(cache) }));
let passed = 0;
for await (const outcome of runCases(cases, {
  bundle,
  compose: composeDecision,
  clock: systemClock,
  cache,
})) {
  if (outcome.status === 'passed') passed++;
  else throw new Error(`${outcome.id}: ${outcome.problems.join('; ')}`);
}
process.stdout.write(JSON.stringify({ passed, wall: performance.now() - wall, cpu: cpu() - used }));
