/**
 * Prints what each goal came to, by the files in bench/results: reached, missed, or not run and why. Usage: node bench/goals/run.ts
 */
import { judgeGoals } from './goals.ts';

for (const { title, goal, measured, verdict, why } of judgeGoals()) {
  const told = verdict === 'reached' ? 'reached' : verdict.toUpperCase();
  const reason = why === undefined ? '' : ` (${why})`;
  process.stdout.write(
    `  ${title.padEnd(62)}${goal.padStart(7)}${(measured?.toFixed(2) ?? '–').padStart(8)}  ${told}${reason}\n`,
  );
}
