/**
 * What an inventory costs to import, beside the `sqlite3` shell importing the very same rows into the same table
 * (`.import`, which checks nothing), in one run. The rows are read from a file by both, in the order of their ids and in
 * no order. Arguments: rows (default 1,000,000), `shuffled` (default), or `sorted`. Prints one JSON object: seconds of
 * both, rows a second, and the ratio. Exit 1 where the ratio is above 4.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { importDevices } from '../../src/inventory/import.ts';
import { openStore } from '../../src/store/open.ts';
import { publish } from './figures.ts';

const rows = Number(process.argv[2] ?? 1_000_000);
const order = process.argv[3] === 'sorted' ? 'sorted' : 'shuffled';
const limit = 4;

/** Coprime to every power of ten, so that the ids are a permutation of all of them. */
const stride = 7_368_787;
const place = (index: number): number => (order === 'sorted' ? index : (index * stride) % rows);

const folder = mkdtempSync(join(tmpdir(), 'portreeve-import-'));
try {
  const ndjson = join(folder, 'devices.ndjson');
  await write(ndjson, (at) => `${JSON.stringify(device(at))}\n`);
  const ours = await importOurs(ndjson);
  const csv = join(folder, 'devices.csv');
  spawnSync('sqlite3', [join(folder, 'ours.db'), '-csv', '-cmd', `.output ${csv}`, orderedRows()], {
    stdio: 'inherit',
  });
  const shell = importByShell(csv);
  const ratio = ours / shell;
  publish(
    'device-import',
    `node bench/scale/device-import.ts ${rows} ${order}`,
    {
      rows,
      order,
      seconds: round(ours),
      rows_per_second: Math.round(rows / ours),
      sqlite3_seconds: round(shell),
      ratio: round(ratio),
    },
    ratio > limit ? ['ratio'] : [],
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function device(at: number): object {
  const name = String(at).padStart(8, '0');
  return {
    device_id: `spiffe://fleet.example/meter/${name}`,
    status: 'active',
    class: 'meter',
    owner: 'utilities',
    site: `quay-${at % 200}`,
    serial: `MTR-${name}`,
    hardware_model: 'MX-200',
    certificates: [createHash('sha256').update(name).digest('hex')],
    tags: ['metering', `batch-${at % 50}`],
  };
}

async function write(file: string, line: (at: number) => string): Promise<void> {
  const out = createWriteStream(file);
  for (let index = 0; index < rows; index += 1) if (!out.write(line(place(index)))) await once(out, 'drain');
  out.end();
  await once(out, 'close');
}

async function importOurs(file: string): Promise<number> {
  const store = openStore({ path: join(folder, 'ours.db'), mode: 'read_write', now: 1 });
  const begun = performance.now();
  const done = await importDevices(store, {
    input: createReadStream(file),
    format: 'ndjson',
    tenant: 'default',
    actor: 'bench',
    why: 'bench',
    now: 1_800_000_000_000,
  });
  const seconds = (performance.now() - begun) / 1000;
  if (done.added !== rows) throw new Error(`${done.added} devices were added instead of ${rows}`);
  store.close();
  return seconds;
}

/** The rows as the table holds them, in the order of the file. `.import` cannot write NULL: the epoch is 0 there. */
function orderedRows(): string {
  const columns = 'tenant, device_id, generation, 0, updated_at, status, class, body';
  const at = `CAST(substr(device_id, 30) AS INTEGER)`;
  // The file's place of a device is found by the inverse of the permutation.
  return order === 'sorted'
    ? `SELECT ${columns} FROM devices ORDER BY device_id`
    : `SELECT ${columns} FROM devices ORDER BY (${at} * ${inverse()}) % ${rows}`;
}

function inverse(): bigint {
  let [a, b, x, y] = [BigInt(stride) % BigInt(rows), BigInt(rows), 1n, 0n];
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % BigInt(rows)) + BigInt(rows)) % BigInt(rows);
}

function importByShell(csv: string): number {
  const path = join(folder, 'shell.db');
  openStore({ path, mode: 'read_write', now: 1 }).close();
  const begun = performance.now();
  const done = spawnSync('sqlite3', [path, '-csv', `.import ${csv} devices`], { encoding: 'utf8' });
  const seconds = (performance.now() - begun) / 1000;
  const counted = spawnSync('sqlite3', [path, 'SELECT count(*) FROM devices'], { encoding: 'utf8' });
  if (Number(counted.stdout) !== rows) throw new Error(`the shell imported ${counted.stdout} ${done.stderr}`);
  return seconds;
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
