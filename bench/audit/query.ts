import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { followLog, rebuildIndex } from '../../src/audit/index/follow.ts';
import { openLog } from '../../src/audit/log/open-log.ts';
import type { Filter } from '../../src/audit/query/filter.ts';
import { countRecords } from '../../src/audit/query/count.ts';
import { queryPage } from '../../src/audit/query/page.ts';
import { openSearched } from '../../src/audit/query/search.ts';
import { lineFile } from '../../src/audit/sources/line-file.ts';
import { openRecords } from '../../src/audit/sources/open-records.ts';
import { logFiles } from '../../src/audit/read-log.ts';
import { fieldNames, valuesOf } from '../../src/audit/query/fields.ts';
import { makeBenchRecords } from '../workshop/records.ts';

/*
 * How fast records are indexed and found: `node bench/audit/query.ts [--records N] [--folder DIR] [--out FILE]`. The log is
 * made by the log's own writer from a small real fleet's records, multiplied; a folder that has one already is used again.
 */
const { values: options } = parseArgs({
  options: {
    records: { type: 'string', default: '200000' },
    folder: { type: 'string', default: join(tmpdir(), 'portreeve-bench-audit') },
    keep: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const count = Number(options.records);
const folder = options.folder;
const now = (): number => performance.now();

/** Makes the log, unless the folder has one of this size. */
async function makeLog(): Promise<void> {
  if (existsSync(join(folder, 'checkpoint'))) return;
  mkdirSync(folder, { recursive: true });
  const made = await makeBenchRecords(count, 20);
  const log = openLog(folder, {
    ...{
      defaultOrigin: 'bench.example/log',
      keyFile: join(folder, 'log.key'),
      mode: 'relaxed',
      flushMs: 1000,
    },
    now: () => Date.now(),
  });
  await log.open();
  for (const file of logFiles([made.records]).map(lineFile)) {
    for await (const { bytes } of file.blocks()) {
      const lines = Buffer.from(bytes).toString().trimEnd().split('\n');
      const block = Buffer.from(lines.map((line) => `${ofItsOwn(line)}\n`).join(''));
      await log.append([{ bytes: block, count: lines.length }]);
    }
  }
  await log.close();
  made.close();
}

let told = 0;

/** The record with ids of its own, and a time that moves on: 1,000 a second. */
function ofItsOwn(line: string): string {
  const number = told;
  told += 1;
  const id = (what: string): string =>
    createHash('sha256').update(`${what} ${number}`).digest('hex').slice(0, 32);
  const at = Date.parse('2026-06-01T12:00:00Z') + number;
  const time = at.toString(16).padStart(12, '0');
  const rest = id('decision');
  const decision = `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
  return line
    .replace(/"decision_id":"[^"]*"/, `"decision_id":"${decision}"`)
    .replace('"connection_id":null', `"connection_id":"${id('connection')}"`)
    .replaceAll('"request_id":null', `"request_id":"${id('request')}"`)
    .replace('"trace_id":null', `"trace_id":"${id('trace')}"`)
    .replace('"span_id":null', `"span_id":"${id('span').slice(0, 16)}"`)
    .replaceAll(
      /"source_ip":"[^"]*"/g,
      `"source_ip":"10.${(number >> 14) & 255}.${(number >> 6) & 255}.${number & 63}"`,
    )
    .replace(/"time":"[^"]*"/, `"time":"${new Date(at).toISOString()}"`);
}

async function opened() {
  const { logs } = await openRecords([folder], { folder: '/' });
  return openSearched(logs[0]!);
}

/** Milliseconds of the first page of a query: the first time, and the median of those after it. */
async function timed(filter: Filter): Promise<{ first_ms: number; median_ms: number; found: number }> {
  const times: number[] = [];
  let found = 0;
  for (let round = 0; round < 8; round += 1) {
    const from = now();
    const log = await opened();
    const page = await queryPage([log], { filter, order: 'newest', limit: 50 });
    log.close();
    times.push(now() - from);
    found = page.entries.length;
  }
  const [first = 0, ...later] = times;
  later.sort((a, b) => a - b);
  return { first_ms: round1(first), median_ms: round1(later[3] as number), found };
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}

await makeLog();
const { logs } = await openRecords([folder], { folder: '/' });
const tree = logs[0]!.tree!;
const [began, cpu] = [now(), process.cpuUsage()];
const state = await rebuildIndex(folder, folder, tree, { maxBytes: null });
const [took, used] = [now() - began, process.cpuUsage(cpu)];
const indexing = {
  records: state.next,
  seconds: round1(took / 1000),
  records_per_s: Math.round(state.next / (took / 1000)),
  cpu_us_per_record: round1((used.user + used.system) / state.next),
  index_bytes_per_record: round1(state.bytes / state.next),
};
await followLog(folder, folder, tree, { maxBytes: null });

// Values of a record in the middle of the log, so that a page is not at its end.
const searched = await opened();
const middle = { from: Math.floor(count / 2), to: Math.floor(count / 2) + 2000 };
const filters: Record<string, Filter> = {
  'no filter': { fields: {} },
  'nothing like it': { fields: { site: 'none' } },
};
const { searchLog } = await import('../../src/audit/query/search.ts');
for await (const { record, time } of searchLog(
  searched,
  { fields: {} },
  { order: 'oldest', range: middle, most: 2000 },
)) {
  for (const field of fieldNames) {
    const value = valuesOf(record, field)[0];
    if (value !== undefined) filters[field] ??= { fields: { [field]: value } };
  }
  filters['outcome and time'] ??= { since: time - 60_000, until: time, fields: { outcome: 'deny' } };
  filters['device and outcome'] ??= {
    fields: { device: valuesOf(record, 'device')[0] ?? '', outcome: 'deny' },
  };
}
const queries: Record<string, object> = {};
for (const [name, filter] of Object.entries(filters)) queries[name] = await timed(filter);
const counting = now();
const counts = await countRecords([searched], {
  ...{ filter: { fields: {} }, by: ['outcome', 'reason'], per: 3_600_000, decided: true },
});
const stats = { ms: round1(now() - counting), rows: counts.rows.length };
searched.close();
const report = { records: count, node: process.version, indexing, queries, stats };
const text = `${JSON.stringify(report, null, 2)}\n`;
if (options.out) {
  mkdirSync(dirname(options.out), { recursive: true });
  writeFileSync(options.out, text);
}
process.stdout.write(text);
if (!options.keep) rmSync(folder, { recursive: true, force: true });
