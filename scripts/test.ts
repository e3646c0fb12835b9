/**
 * Runs the parts of the test suite, or those named as arguments, and counts them. The last line is
 * `N passed, N failed[, N skipped]`. A part that lacks its tool is skipped loudly; with CI=true it fails.
 */
import { noCount } from './testing/part.ts';
import type { Manner, Part } from './testing/part.ts';
import { parts } from './testing/parts.ts';
import { fetchOpa, rego } from './testing/rego-part.ts';

const wanted = process.argv.slice(2);
const chosen = parts.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const unknown = wanted.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  const names = [...new Set(parts.map(({ name }) => name))];
  process.stderr.write(`no such part: ${unknown.join(', ')}; parts: ${names.join(', ')}\n`);
  process.exit(2);
}

const timed = chosen.some(({ manner }) => manner === 'timed');
const sum = noCount();

/** Runs a part; what it tells is printed in one piece at its end, since another may run beside it. */
async function runPart(part: Part): Promise<void> {
  const started = performance.now();
  const told: string[] = [];
  const { passed, failed, skipped } = await part.run({
    say: (lines) => told.push(lines.replace(/\n*$/, '\n')),
    yields: part.manner === 'yields' && timed,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const title = part.of === undefined ? part.name : `${part.name}: ${part.of}`;
  process.stdout.write(
    `${told.join('')}${failed > 0 ? 'FAILED ' : 'ok     '} ${title}: ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds} s)\n`,
  );
  sum.passed += passed;
  sum.failed += failed;
  sum.skipped += skipped;
}

async function inTurn(manner: Manner): Promise<void> {
  for (const part of chosen.filter((one) => one.manner === manner)) await runPart(part);
}

// Before the tests that compile policies: they look for what is there.
if (chosen.includes(rego)) await fetchOpa();
await inTurn('alone');
// Two cores: first what is timed, and what yields fills up the rest; then what waits beside what computes.
const timing = inTurn('timed');
const yielding = inTurn('yields');
await timing;
const computing = timed ? yielding.then(() => inTurn('shares')) : inTurn('shares');
await Promise.all([yielding, computing, inTurn('waits')]);
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
process.stdout.write(
  `${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}\n`,
);
