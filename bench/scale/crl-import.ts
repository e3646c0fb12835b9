/**
 * What it takes to import a CRL of a million entries (about 40 MB), signature and all, beside the `sqlite3` shell
 * importing the same rows into the same table of a store of its own, in the same run. Serial numbers are random, as CAs
 * make them. Prints one JSON object: seconds of each, their ratio, and how much the importer's memory grew above
 * what it had before. Arguments: entries, rounds.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRoot, issueCrl } from '../../src/ca/index.ts';
import { helperFlags } from '../../src/server/helpers/crl-helper.ts';
import { openStore } from '../../src/store/open.ts';
import { publish } from './figures.ts';

const entries = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 3);
const goal = 4;
const now = Date.now();
const day = 86_400_000;
const child = fileURLToPath(new URL('crl-import-child.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portreeve-bench-'));

/** The CRL, the certificate that signed it, and its rows as text for the shell. */
async function prepare(): Promise<{ crl: string; issuer: string; rows: string }> {
  const files = {
    crl: join(folder, 'list.crl'),
    issuer: join(folder, 'ca.der'),
    rows: join(folder, 'rows.sql'),
  };
  const root = await createRoot({ subject: 'CN=Scale', notBefore: now - day, notAfter: now + day });
  const at = now - (now % 1000) - day;
  const serials = Array.from({ length: entries }, () => `6${randomBytes(16).toString('hex').slice(1)}`);
  const revoked = serials.map((serial, index) => ({
    serial,
    at,
    ...(index % 2 && { reason: 'keyCompromise' }),
  }));
  const { der } = await issueCrl(root, { number: 1, thisUpdate: now, nextUpdate: now + day, revoked });
  writeFileSync(files.crl, der);
  writeFileSync(files.issuer, root.der);
  const out = createWriteStream(files.rows);
  out.write('PRAGMA synchronous = FULL;\nBEGIN;\n');
  for (const [index, serial] of serials.entries()) {
    const row = `INSERT INTO revoked VALUES (1, x'${serial}', ${at}, ${index % 2});\n`;
    if (!out.write(row)) await once(out, 'drain');
  }
  out.end('COMMIT;\n');
  await once(out, 'close');
  return files;
}

/** A store with its tables, and nothing in it. */
function emptyStore(name: string): string {
  const path = join(folder, name, 'state.db');
  openStore({ path, mode: 'read_write', now }).close();
  return path;
}

function timed(command: string, args: readonly string[], input = ''): { seconds: number; stdout: string } {
  const before = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  return { seconds: (performance.now() - before) / 1000, stdout };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

try {
  const { crl, issuer, rows } = await prepare();
  const measured = Array.from({ length: rounds }, (_, round) => {
    const ours = timed(process.execPath, [...helperFlags, child, emptyStore(`ours-${round}`), crl, issuer]);
    const shell = timed('sqlite3', [emptyStore(`shell-${round}`)], `.read ${rows}\n`);
    return { ...(JSON.parse(ours.stdout) as { grown_mb: number; entries: number }), ours, shell };
  });
  const ratio = median(measured.map(({ ours, shell }) => ours.seconds / shell.seconds));
  const result = {
    entries: measured[0]?.entries,
    crl_bytes: statSync(crl).size,
    ours_s: Number(median(measured.map(({ ours }) => ours.seconds)).toFixed(2)),
    sqlite3_s: Number(median(measured.map(({ shell }) => shell.seconds)).toFixed(2)),
    ratio: Number(ratio.toFixed(2)),
    goal,
    grown_mb: Math.max(...measured.map((one) => one.grown_mb)),
  };
  const command = `node bench/scale/crl-import.ts ${entries} ${rounds}`;
  publish('crl-import', command, result, ratio > goal ? ['ratio'] : []);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
