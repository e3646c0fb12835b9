import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { formatInstant } from '../../../src/lib/clock.ts';
import {
  beginning,
  entriesOf,
  logIn,
  temporaryFolder,
  toldRecord,
  writeLog,
} from '../../helpers/audit-log.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

const some = Array.from({ length: 300 }, (_, number) =>
  toldRecord(number, { outcome: number % 5 === 0 ? 'deny' : 'allow' }),
);

async function data<T>(t: ExecutionContext, cwd: string, ...args: string[]): Promise<T> {
  const run = await portreeve(['audit', ...args, '--json'], { cwd });
  t.true([0, 1].includes(run.code!), run.stdout + run.stderr);
  return onlyObject(run) as T;
}

test('formats for files have every record unless a page is asked for, whose cursor is told beside the file', async (t) => {
  const folder = logIn(t, some);
  const ask = (...args: string[]) => portreeve(['audit', 'query', '.', ...args], { cwd: folder });
  for (const [format, head] of [
    ['csv', 1],
    ['ndjson', 0],
    ['records', 0],
  ] as const) {
    const whole = await ask('--format', format);
    t.is(whole.stdout.trim().split('\n').length, 300 + head, format);
    t.is(whole.stderr, '');
    const page = await ask('--format', format, '--limit', '299');
    t.is(page.stdout.trim().split('\n').length, 299 + head);
    t.is(page.code, 0);
    const cursor = /^portreeve: more records match: --cursor (\S+) goes on behind these\n$/.exec(
      page.stderr,
    )?.[1];
    const rest = await ask('--format', format, '--cursor', cursor!);
    t.is(rest.stdout.trim().split('\n').length, 1 + head);
    t.is(rest.stderr, '');
  }
  const table = await ask();
  t.is(table.stdout.trim().split('\n').length, 52);
  t.regex(table.stdout, /\nmore: --cursor \S+\n$/);
  t.is((await data<{ records: object[] }>(t, folder, 'query', '.')).records.length, 50);
});

test('what follows begins with the last records, and says that there are older ones', async (t) => {
  const folder = logIn(t, some);
  const until = new Date(Date.now() - 1000).toISOString();
  const args = ['audit', 'query', '.', '--follow', '--format', 'ndjson', '--since', '2020-01-01T00:00:00Z'];
  const ended = await portreeve([...args, '--until', until], { cwd: folder });
  t.is(ended.stdout.trim().split('\n').length, 50);
  t.is(ended.stderr, 'portreeve: older records match too: these begin with the last 50 (--limit)\n');
});

test('a cursor goes on where times are told as how long ago, and with the same ones only', async (t) => {
  const begin = Date.now() - 1_000_000;
  const folder = logIn(
    t,
    some.map((one, number) => ({ ...one, time: formatInstant(begin + number * 10) })),
  );
  const args = ['query', '.', '--since', '1d', '--until', '1s', '--limit', '200'];
  type Page = { records: { index: number }[]; next: string };
  const first = await data<Page>(t, folder, ...args);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const second = await data<Page>(t, folder, ...args, '--cursor', first.next);
  t.deepEqual(
    [...first.records, ...second.records].map(({ index }) => index),
    Array.from({ length: 300 }, (_, place) => 299 - place),
  );
  const other = args.with(3, '2d');
  t.is((await portreeve(['audit', ...other, '--cursor', first.next], { cwd: folder })).code, 2);
  // The times are those of the first page, however much later the second one is asked for.
  const { since, until } = JSON.parse(Buffer.from(first.next, 'base64url').toString()) as Record<
    string,
    number
  >;
  t.is(until! - since!, 86_400_000 - 1000);
});

test('a word that no record can have is refused with those that can be, by query and stats', async (t) => {
  const folder = logIn(t, some.slice(0, 3));
  for (const [option, value, told] of [
    ['--outcome', 'denied', /Allowed choices are allow, deny/],
    ['--outcome', 'Deny', /Allowed choices are allow, deny/],
    ['--kind', 'decisions', /Allowed choices are decision, act, heartbeat, merged/],
    ['--door', 'http', /Allowed choices are ext_authz_http, ext_authz_l4, native/],
    ['--assurance', 'proved', /Allowed choices are none, gateway_asserted, device_proved, attested/],
    ['--certificate', 'AB:CD', /SHA-256 digest: 64 hexadecimal digits/],
    ['--serial', 'number one', /hexadecimal/],
  ] as const)
    for (const command of ['query', 'stats']) {
      const run = await portreeve(['audit', command, '.', option, value], { cwd: folder });
      t.is(run.code, 2, `${command} ${option} ${value}`);
      t.regex(run.stderr, told);
    }
});

test('a reason or act that this program does not know is told where nothing was found by it', async (t) => {
  const folder = logIn(t, [...some.slice(0, 3), toldRecord(3, { reasons: ['older.reason'] })]);
  const ask = (...args: string[]) => portreeve(['audit', ...args], { cwd: folder });
  for (const command of ['query', 'stats']) {
    const misspelt = await ask(command, '.', '--reason', 'revocation.revokd');
    t.is(misspelt.code, 0);
    t.is(
      misspelt.stderr,
      'portreeve: revocation.revokd is no reason that this program knows; did you mean revocation.revoked?\n',
    );
    t.is((await ask(command, '.', '--reason', 'older.reason')).stderr, '', 'older logs may have others');
    t.is((await ask(command, '.', '--reason', 'custom.anything')).stderr, '');
    t.is((await ask(command, '.', '--reason', 'revocation.revoked')).stderr, '');
    t.regex((await ask(command, '.', '--act', 'strat')).stderr, /did you mean start\?/);
  }
  const told = await data<{ notes: string[] }>(t, folder, 'query', '.', '--reason', 'revocation.revokd');
  t.is(told.notes.length, 1);
});

test('digests and serial numbers are found as OpenSSL prints them', async (t) => {
  const leaf = 'ab01'.repeat(16);
  const folder = logIn(t, [
    ...some.slice(0, 3),
    { ...toldRecord(3), leaf, key: leaf, issuer_key: leaf, serial: '0a1b' },
  ]);
  const printed = leaf.toUpperCase().replaceAll(/(..)(?!$)/g, '$1:');
  for (const [option, value] of [
    ['--certificate', printed],
    ['--certificate', `sha256 Fingerprint=${printed}`],
    ['--key', leaf.toUpperCase()],
    ['--issuer', printed],
    ['--serial', '0A1B'],
    ['--serial', 'serial=0A1B'],
    ['--serial', '00:0a:1b'],
    ['--serial', 'a1b'],
    ['--serial', '0xA1B'],
  ] as const) {
    const { records } = await data<{ records: { index: number }[] }>(t, folder, 'query', '.', option, value);
    t.deepEqual(
      records.map(({ index }) => index),
      [3],
      `${option} ${value}`,
    );
  }
  t.is(
    (await data<{ records: object[] }>(t, folder, 'query', '.', '--issuer', 'CN=Devices')).records.length,
    4,
  );
});

test('answers say what is no record, before the index is made and after', async (t) => {
  const odd: (object | string)[] = [...some];
  odd[100] = 'not json';
  odd[101] = '[]';
  const folder = logIn(t, odd);
  const ask = async () => {
    const query = await portreeve(['audit', 'query', '.', '--oldest-first', '--limit', '150'], {
      cwd: folder,
    });
    const file = await portreeve(['audit', 'query', '.', '--format', 'csv'], { cwd: folder });
    const stats = await portreeve(['audit', 'stats', '.'], { cwd: folder });
    t.regex(query.stdout, /\n2 lines or entries are no records\n/);
    return [file.stderr, stats.stderr, (await data<{ damaged: number }>(t, folder, 'stats', '.')).damaged];
  };
  const line = 'portreeve: 2 lines or entries are no records\n';
  t.deepEqual(await ask(), [line, line, 2]);
  t.is((await portreeve(['audit', 'reindex', '.'], { cwd: folder })).code, 0);
  t.deepEqual(await ask(), [line, line, 2]);
});

test('an answer by the index that lies beside a log that was named says so', async (t) => {
  const folder = logIn(t, some);
  const ask = async (...args: string[]) => (await portreeve(['audit', ...args], { cwd: folder })).stdout;
  const words = /found by its index, which audit verify compares with the log\n$/;
  t.notRegex(await ask('query', '.', '--device', 'meter-3'), words);
  await portreeve(['audit', 'reindex', '.'], { cwd: folder });
  t.regex(await ask('query', '.', '--device', 'meter-3'), words);
  t.regex(await ask('why', 'meter-3', '.'), words);
  t.regex(await ask('stats', '.', '--network', '10.1.0.0/17'), /300 in all, found by its index, which/);
  t.notRegex(await ask('query', '.', '--device', 'meter-3', '--no-index'), /index,/);
  const other = logIn(t, some.slice(0, 10));
  t.regex(await ask('query', '.', other, '--limit', '2'), /found by the index of \., which audit verify/);
  t.deepEqual((await data<{ indexed: string[] }>(t, folder, 'query', '.', other)).indexed, ['.']);
});

test('why, show and what follows tell of entries that are no records and have what was looked for, by name', async (t) => {
  const hidden = (number: number): string => {
    const [whole] = entriesOf([toldRecord(number, { device: 'stolen-1' })]);
    return Buffer.from(whole!).toString().replace('"owner":"grid"', '"owner":nonsense');
  };
  const records = some.map((one, number) => ([10, 290].includes(number) ? hidden(number) : one));
  const folder = logIn(t, records);
  const run = (...args: string[]) => portreeve(['audit', ...args], { cwd: folder });
  for (const step of ['scanned', 'indexed']) {
    if (step === 'indexed') t.is((await run('reindex', '.')).code, 0);
    const why = await run('why', 'stolen-1', '.');
    t.is(why.code, 1);
    t.regex(
      why.stdout,
      /2 lines or entries are no records, .* \((#10 of \., #290 of \.|#290 of \., #10 of \.)\)/,
      step,
    );
    type Why = { damaged: number; notes: string[] };
    t.like(await data<Why>(t, folder, 'why', 'stolen-1', '.'), { damaged: 2 });
    const show = await run('show', '019aa1c0-0000-7000-8000-000000000010', '.');
    t.is(show.code, 1);
    t.regex(show.stderr, /PDP_NOT_FOUND: .*1 line or entry is no record, .*\(#10 of \.\)/);
    t.notRegex((await run('show', '019aa1c0-0000-7000-8000-000000000011', '.')).stdout, /no record,/);
  }
});

test('nothing is written into the folder of a log that was named: it may be evidence', async (t) => {
  const folder = logIn(t, some);
  const ask = (...args: string[]) => portreeve(['audit', ...args], { cwd: folder });
  t.is((await ask('reindex', '.')).code, 0);
  const more = Array.from({ length: 20 * 256 }, (_, number) =>
    toldRecord(number, { pep: number < 300 ? 'edge' : 'late' }),
  );
  writeLog(folder, [...some, ...more.slice(300)]);
  const before = readFileSync(join(folder, 'index.db'));
  t.like(await data(t, folder, 'stats', '.', '--pep', 'late'), { total: 20 * 256 - 300 });
  t.like(await data(t, folder, 'stats', '.'), { total: 20 * 256, by_index: 256 });
  t.true(readFileSync(join(folder, 'index.db')).equals(before));
});

test('what is not there is told with what to do', async (t) => {
  const folder = logIn(t, some.slice(0, 3));
  const ask = async (...args: string[]) => (await portreeve(['audit', ...args], { cwd: folder })).stderr;
  t.regex(
    await ask('query', 'nolog'),
    /cannot read nolog: there is nothing at \/.*nolog; name .*folders of logs/,
  );
  t.notRegex(await ask('query', 'nolog'), /ENOENT/);
  t.regex(
    await ask('show', 'nosuch', '.'),
    /no record nosuch in \.: it is no id of a decision; #INDEX .*audit why/,
  );
  t.regex(
    await ask('show', '019aa1c0-5b2e-7c3a-9d10-3f2a6b7c8d9e', '.'),
    /counted with others.*--kind merged --since 2025-11-20T14:52:09\.390Z --until 2025-11-20T14:52:19\.390Z/,
  );
  t.regex(await ask('show', '#3', '.'), /no entry #3 in \.: it has the entries #0 to #2/);
});

test('show tells of an entry that is no record what it is, its bytes and its proof', async (t) => {
  const folder = logIn(t, [
    ...some.slice(0, 3),
    'not \u001b[2J json',
    '{"kind":"decision","time":"bad"}',
    '7',
  ]);
  const ask = (...args: string[]) => portreeve(['audit', 'show', ...args], { cwd: folder });
  const run = await ask('#3', '.');
  t.is(run.code, 1);
  t.regex(
    run.stdout,
    /^Entry 3 is there, and is no record that can be read: it is not JSON\.\n\nnot \\u001b\[2J json\n/,
  );
  t.regex(
    run.stdout,
    /hash +[0-9a-f]{64} \(of the leaf, RFC 6962\)\nproof +in the tree of log\.example\/site with 6 entries/,
  );
  t.like(await data(t, folder, 'show', '#4', '.'), {
    record: null,
    unread: {
      problem: 'it is a JSON object whose time is none: "bad"',
      bytes: Buffer.from('{"kind":"decision","time":"bad"}').toString('base64'),
    },
    proof: { is: 'in_tree' },
  });
  t.regex((await ask('#5', '.')).stdout, /it is JSON, but one value and no object/);
  const replay = await portreeve(['audit', 'prove', '#3', '.'], { cwd: folder });
  t.is(replay.code, 0, 'it can be proved as any entry');
  const file = join(temporaryFolder(t), 'lines.ndjson');
  writeFileSync(file, `${JSON.stringify(some[0])}\nnot json\n`);
  const line = await ask('#1', file);
  t.regex(line.stdout, /it is not JSON\.\n\nnot json\n[^]*a line of a file/);
});

interface WhyData {
  readonly turn: {
    allowed: { origin: string; index: number };
    denied: { origin: string; index: number };
    acts: { index: number; record: { why?: string } }[];
    more_acts: number;
  } | null;
}

function actOf(second: number, tenant: string | null, why: string): object {
  const time = formatInstant(beginning + second * 1000);
  return {
    kind: 'act',
    schema: 1,
    act: 'change',
    time,
    tenant,
    actor: 'cli:ann',
    why,
    selector: null,
    detail: {},
  };
}

test('why tells the acts nearest to the denial, the last one first, and how many there are before them', async (t) => {
  const acts = Array.from({ length: 640 }, (_, n) =>
    // Every other one is of somebody else, and none of them counts.
    actOf(n + 1, n % 2 === 0 ? null : 'other', n === 638 ? 'the cause' : 'an import'),
  );
  const folder = logIn(t, [
    toldRecord(0, { device: 'dev-x' }),
    ...acts,
    toldRecord(641, { device: 'dev-x', outcome: 'deny' }),
  ]);
  const { turn } = await data<WhyData>(t, folder, 'why', 'dev-x', '.');
  t.is(turn!.acts.length, 200);
  t.is(turn!.more_acts, 120);
  t.like(turn!.acts[0], { index: 639, record: { why: 'the cause' } });
  t.deepEqual(
    turn!.acts.map(({ index }) => index),
    Array.from({ length: 200 }, (_, n) => 639 - 2 * n),
  );
  const { stdout } = await portreeve(['audit', 'why', 'dev-x', '.'], { cwd: folder });
  t.regex(stdout, /in between +act +by +of +why\n\S+ +change +cli:ann +- +the cause\n/);
  t.regex(
    stdout,
    /\nand 280 acts more, all of them before these: audit query --kind act --since \S+ --until \S+\n/,
  );
});

test('what was allowed and what was denied first after it are of one tenant', async (t) => {
  const of = (second: number, tenant: string, outcome: 'allow' | 'deny') => ({
    ...toldRecord(second, { device: 'dev-1', outcome }),
    tenant,
  });
  const mixed = logIn(t, [of(0, 'alpha', 'allow'), of(1, 'beta', 'deny'), of(2, 'alpha', 'allow')]);
  t.is((await data<WhyData>(t, mixed, 'why', 'dev-1', '.')).turn, null);
  t.regex(
    (await portreeve(['audit', 'why', 'dev-1', '.'], { cwd: mixed })).stdout,
    /no denial follows an allow of the same tenant\n/,
  );
  const later = logIn(t, [
    ...[of(0, 'alpha', 'allow'), of(1, 'beta', 'deny'), of(2, 'alpha', 'deny'), of(3, 'beta', 'allow')],
  ]);
  const { turn } = await data<WhyData>(t, later, 'why', 'dev-1', '.');
  t.like(turn, { allowed: { index: 0 }, denied: { index: 2 } });
  const { stdout } = await portreeve(['audit', 'why', 'dev-1', '.'], { cwd: later });
  t.regex(
    stdout,
    /denied first after that at \S+ in tenant alpha\.\n/,
    'what beta allows later is another matter',
  );
});

test('of several logs the turn is of one of them where one has any, else of two, which is said', async (t) => {
  const of = (second: number, outcome: 'allow' | 'deny') => toldRecord(second, { device: 'dev-1', outcome });
  const file = (name: string, ...records: object[]): string => {
    const path = join(folder, name);
    writeFileSync(path, records.map((one) => `${JSON.stringify(one)}\n`).join(''));
    return path;
  };
  const folder = temporaryFolder(t);
  const [a, b] = [
    file('a.ndjson', of(0, 'allow'), of(4, 'deny')),
    file('b.ndjson', of(2, 'deny'), of(3, 'allow')),
  ];
  const one = await data<WhyData>(t, folder, 'why', 'dev-1', a, b);
  t.like(one.turn, { allowed: { origin: a, index: 0 }, denied: { origin: a, index: 1 } });
  const [c, d] = [file('c.ndjson', of(0, 'allow')), file('d.ndjson', of(1, 'deny'))];
  const two = await data<WhyData>(t, folder, 'why', 'dev-1', c, d);
  t.like(two.turn, { allowed: { origin: c }, denied: { origin: d } });
  const { stdout } = await portreeve(['audit', 'why', 'dev-1', c, d], { cwd: folder });
  t.regex(
    stdout,
    /allowed at \S+ by \S+c\.ndjson, and denied first after that at \S+ by \S+d\.ndjson\. What differs may be/,
  );
});
