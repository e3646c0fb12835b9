/**
 * Verifies a log and has `sha256sum` read the same files, in turns, in one run, and says how many times
 * as long it takes. Usage: node bench/audit/verify.ts [ENTRIES] [BYTES_OF_A_RECORD]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { leafHash } from '../../src/audit/tlog/hash.ts';
import { rootOf } from '../../src/audit/tlog/frontier.ts';
import { signCheckpoint } from '../../src/audit/tlog/checkpoint.ts';
import { noteSigner } from '../../src/audit/tlog/note.ts';
import { folderPlace } from '../../src/audit/verify/place.ts';
import { verifyLog } from '../../src/audit/verify/verify-log.ts';
import { recordBytes } from '../../src/audit/record.ts';
import { formatInstant } from '../../src/lib/clock.ts';
import { tilesOf } from '../../test/helpers/tlog.ts';
import { median, publish, rounded, spread } from '../scale/figures.ts';

const [entries = 100_000, bytes = 2500] = process.argv.slice(2).map(Number);
const rounds = 5;
/** Goal: times that of `sha256sum`. */
const mostRatio = 3;
const signer = noteSigner('bench.example/log', generateKeyPairSync('ed25519').privateKey);
const folder = mkdtempSync(join(tmpdir(), 'portreeve-bench-'));

function put(path: string, content: Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

function makeLog(): void {
  const records = Array.from({ length: entries }, (_, index) => recordOf(index));
  for (const [path, content] of tilesOf(records)) put(path, content);
  const head = {
    origin: signer.verifier.name,
    size: entries,
    root: rootOf(records.map(leafHash)),
    extensions: [],
  };
  put('checkpoint', signCheckpoint(head, [signer]));
}

function recordOf(index: number): Uint8Array {
  const time = formatInstant(1_793_491_200_000 + index * 10);
  const record = { assurance: 'device_proved', decision_id: `d-${index}`, facts: '', kind: 'decision', time };
  return Buffer.from(recordBytes({ ...record, facts: 'f'.repeat(Math.max(0, bytes - 110)) }));
}

async function verify(): Promise<number> {
  const start = performance.now();
  const { report } = await verifyLog(folderPlace(folder, folder), { keys: [signer.verifier] });
  if (report.verdict !== 'verified') throw new Error(JSON.stringify(report.findings));
  return performance.now() - start;
}

function sha256sum(): number {
  const start = performance.now();
  const { status } = spawnSync('sh', ['-c', `find . -type f -print0 | xargs -0 sha256sum > /dev/null`], {
    cwd: folder,
  });
  if (status !== 0) throw new Error('sha256sum failed');
  return performance.now() - start;
}

try {
  makeLog();
  const [own, sums]: [number[], number[]] = [[], []];
  await verify();
  sha256sum();
  for (let round = 0; round < rounds; round += 1) {
    sums.push(sha256sum());
    own.push(await verify());
  }
  const ratio = rounded(median(own) / median(sums));
  const figures = { entries, bytes_a_record: bytes, verify: spread(own), sha256sum: spread(sums), ratio };
  const missed = ratio > mostRatio ? [`ratio ${ratio} > ${mostRatio}`] : [];
  publish('audit-verify', 'node bench/audit/verify.ts', figures, missed);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
