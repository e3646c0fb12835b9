/**
 * Wall-clock time of `cert verify --batch` beside one `openssl verify` process, both given the same distinct leaves
 * under one intermediate: interleaved rounds, medians, their ratio. Times are of whole processes, start included.
 * Usage: node bench/micro/batch.ts [--leaves N] [--rounds N] [--json]
 */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRoot, issueCa, issueLeaf } from '../../src/ca/index.ts';

const { values } = parseArgs({
  options: {
    leaves: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const count = Number(values.leaves);
const rounds = Number(values.rounds);
const target = 2;
const main = join(import.meta.dirname, '../../src/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'portreeve-bench-batch-'));
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Writes one file for each leaf and one request for each; answers the leaves' names. */
async function makeLeaves(): Promise<string[]> {
  const now = Date.now();
  const life = { notBefore: now - 3_600_000, notAfter: now + 86_400_000 };
  const root = await createRoot({ subject: 'CN=Bench Root', ...life });
  const ca = await issueCa(root, { subject: 'CN=Bench CA', ...life });
  writeFileSync(join(folder, 'root.pem'), root.pem);
  writeFileSync(join(folder, 'ca.pem'), ca.pem);
  const [names, requests]: [string[], string[]] = [[], []];
  const shared = { anchors: [root.pem], intermediates: [ca.pem], at: new Date(now).toISOString() };
  for (let index = 0; index < count; index++) {
    const leaf = await issueLeaf(ca, { subject: `CN=meter-${index}`, ...life });
    names.push(`${index}.pem`);
    writeFileSync(join(folder, `${index}.pem`), leaf.pem);
    requests.push(JSON.stringify({ id: String(index), ...shared, leaf: leaf.pem }));
  }
  writeFileSync(join(folder, 'requests.ndjson'), `${requests.join('\n')}\n`);
  return names;
}

/** Runs one process over the leaves and answers its milliseconds; throws unless it found every leaf valid. */
function time(command: string, args: readonly string[], valid: (output: string) => number): number {
  const input = openSync(join(folder, 'requests.ndjson'), 'r');
  const started = performance.now();
  const run: SpawnSyncReturns<string> = spawnSync(command, args, {
    cwd: folder,
    stdio: [input, 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  const took = performance.now() - started;
  closeSync(input);
  if (valid(run.stdout) !== count) throw new Error(`${command} found ${valid(run.stdout)} of ${count} valid`);
  return took;
}

const lines = (pattern: RegExp) => (output: string) => (output.match(pattern) ?? []).length;
const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;

try {
  say(`bench: making ${count} leaves`);
  const names = await makeLeaves();
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const openssl = ['verify', '-x509_strict', '-CAfile', 'root.pem', '-untrusted', 'ca.pem', ...names];
    theirs.push(time('openssl', openssl, lines(/: OK$/gm)));
    const batch = ['--disable-warning=ExperimentalWarning', main, 'cert', 'verify', '--batch'];
    ours.push(time(process.execPath, batch, lines(/"valid":true/g)));
    say(
      `round ${round + 1}: ${Math.round(ours[round] as number)} ms, openssl ${Math.round(theirs[round] as number)} ms`,
    );
  }
  const ratio = median(ours) / median(theirs);
  const result = { leaves: count, rounds, batch_ms: median(ours), openssl_ms: median(theirs), ratio, target };
  process.stdout.write(
    values.json
      ? `${JSON.stringify(result)}\n`
      : `cert verify --batch takes ${ratio.toFixed(2)} x the time of openssl verify for ${count} leaves (at most ${target})\n`,
  );
  process.exitCode = ratio <= target ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
