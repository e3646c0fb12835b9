import { Readable } from 'node:stream';
import test from 'ava';
import fc from 'fast-check';
import { csvRows } from '../../../src/inventory/csv-rows.ts';
import { mostLineBytes } from '../../../src/inventory/line-blocks.ts';
import { ndjsonRows, type ImportRow } from '../../../src/inventory/ndjson-rows.ts';
import { ProblemList, type ImportProblem } from '../../../src/inventory/problems.ts';
import { device, ndjson } from '../../helpers/inventory.ts';

const runs = 60 * Number(process.env['SOAK_FACTOR'] ?? 1);

interface Read {
  readonly rows: ImportRow[];
  readonly problems: readonly ImportProblem[];
}

async function read(reader: typeof csvRows, chunks: readonly (Buffer | string)[]): Promise<Read> {
  const problems = new ProblemList();
  const rows: ImportRow[] = [];
  for await (const block of reader(Readable.from(chunks), problems)) rows.push(...block);
  return { rows, problems: problems.toError().problems };
}

/** Of several problems of one line, the bytes' arrival says which is found first: blocks are looked at before they are parsed. */
function inOneOrder({ rows, problems }: Read): Read {
  const byText = (a: { message: string }, b: { message: string }): number => (a.message < b.message ? -1 : 1);
  return { rows, problems: problems.toSorted((a, b) => a.line - b.line || byText(a, b)) };
}

const lines = (read: Read): number[] => read.rows.map((row) => row.line);

test('CSV and NDJSON of the same devices give the same rows', async (t) => {
  const digest = 'a1'.repeat(32);
  const rows = [
    device('d1', { owner: 'A, "B"', tags: ['x', 'y'], certificates: [digest], attributes: { floor: '3' } }),
    device('d2', { status: 'lost', networks: ['10.0.0.0/8', '10.1.0.0/16'], tags: ['north hall'] }),
    device('d3'),
  ];
  const csv =
    'device_id,status,class,owner,tags,certificates,networks,attributes.floor\r\n' +
    `d1,active,meter,"A, ""B""",x|y,${'A1:'.repeat(31)}A1,,3\r\n` +
    'd2,lost,meter,,north hall|,,10.0.0.0/8 10.1.0.0/16,\r\n' +
    'd3,active,meter,,,,,\r\n';
  const [fromCsv, fromJson] = [await read(csvRows, [csv]), await read(ndjsonRows, [ndjson(rows)])];
  t.deepEqual(fromCsv.problems, []);
  t.deepEqual(
    fromCsv.rows.map((row) => row.draft),
    fromJson.rows.map((row) => row.draft),
  );
  t.deepEqual(lines(fromCsv), [2, 3, 4]);
  t.deepEqual(lines(fromJson), [1, 2, 3]);
});

test('NDJSON: every bad line is reported with its number, blank lines and a last line without end count', async (t) => {
  const result = await read(ndjsonRows, [
    Buffer.concat([
      Buffer.from(`${JSON.stringify(device('d1'))}\r\n\n{"device_id":\n[]\n"x"\n`),
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
      Buffer.from(JSON.stringify(device('d7'))),
    ]),
  ]);
  t.deepEqual(lines(result), [1, 7]);
  t.deepEqual(
    result.problems.map(({ line }) => line),
    [3, 4, 5, 6],
  );
  t.regex(result.problems[0]?.message ?? '', /^not JSON/);
  t.is(result.problems[3]?.message, 'the line is not UTF-8');
});

test('NDJSON: a field that is named twice is refused, however it is written', async (t) => {
  const twice = [
    '{"device_id":"d","status":"disabled","class":"m","status":"active"}',
    String.raw`{"device_id":"d","status":"disabled","class":"m","\u0073tatus":"active"}`,
    '{"device_id":"d","status":"active","class":"m","attributes":{"x":"1","x":"2"}}',
  ];
  for (const text of twice) {
    t.deepEqual((await read(ndjsonRows, [text])).problems, [{ line: 1, message: 'names a field twice' }]);
  }
  const once = String.raw`{"device_id":"a:\"b\\","status":"active","class":"m","attributes":{"x":"{\":\":1}"}}`;
  t.deepEqual((await read(ndjsonRows, [once])).problems, []);
});

test('CSV: bad records are reported with their line, also after records over several lines', async (t) => {
  const result = await read(csvRows, [
    'device_id,status,class,owner\n' +
      'd1,active,m,x\n' +
      '\n' +
      'd2,active\n' +
      'd3,on,m,x\n' +
      'd4,active,"m",x\n' +
      'd5,active,m,"x\ny"\n' +
      'd6,active,m,x,y\n' +
      'd7,active,m,x\n' +
      'd8,active,"m"x,y\n',
  ]);
  const where = [...new Set(result.problems.map(({ line }) => line))];
  t.deepEqual(where, [4, 5, 8, 9, 11]);
  t.regex(result.problems[0]?.message ?? '', /^not CSV/);
  t.deepEqual(lines(result), [2, 6, 10]);
});

test('CSV: a wrong header is told once and ends the reading', async (t) => {
  const header = async (text: string): Promise<string[]> =>
    (await read(csvRows, [`${text}\nd1,active,m,x,y\n`])).problems.map(
      ({ line, message }) => `${line} ${message}`,
    );
  t.deepEqual(await header('device_id,status,class,colour,attributes.'), [
    '1 column "colour" is not a field of a device; further columns are named attributes.NAME',
    '1 column "attributes." is not a field of a device; further columns are named attributes.NAME',
  ]);
  t.deepEqual(await header('device_id,device_id,status,owner,tags'), [
    '1 column "device_id" is there twice',
    '1 column class is missing',
  ]);
  t.deepEqual((await read(csvRows, [''])).problems, [{ line: 1, message: 'the header row is missing' }]);
});

test('CSV: bytes that are not UTF-8 are a problem of their line and never replaced silently', async (t) => {
  const result = await read(csvRows, [
    Buffer.concat([
      Buffer.from('device_id,status,class\nd'),
      Buffer.from([0xc3]),
      Buffer.from(',active,m\n'),
    ]),
  ]);
  t.true(result.problems.some(({ line, message }) => line === 2 && message === 'the line is not UTF-8'));
});

for (const [name, reader, header] of [
  ['NDJSON', ndjsonRows, ''],
  ['CSV', csvRows, 'device_id,status,class\n'],
] as const) {
  test(`${name}: a byte order mark is no part of the first line`, async (t) => {
    const text = name === 'CSV' ? `${header}d1,active,m\n` : ndjson([device('d1')]);
    const bytes = Buffer.from(`\ufeff${text}`);
    const whole = await read(reader, [bytes]);
    t.deepEqual(whole.problems, []);
    t.is(whole.rows[0]?.draft.device_id, 'd1');
    t.deepEqual(await read(reader, [bytes.subarray(0, 1), bytes.subarray(1, 2), bytes.subarray(2)]), whole);
  });

  test(`${name}: a line without an end is refused instead of filling the memory`, async (t) => {
    const chunks = Array.from({ length: 10 }, () => Buffer.alloc(mostLineBytes, 'x'));
    const result = await read(reader, [header, ...chunks]);
    t.true(result.problems.some(({ message }) => /longer than 65536 bytes/.test(message)));
    t.deepEqual(result.rows, []);
  });

  test(`${name}: any bytes give rows or problems, the same however they are cut into chunks`, async (t) => {
    const piece = fc.oneof(
      fc.constantFrom(
        'device_id,status,class\n',
        'd,active,m\n',
        '"',
        '\r\n',
        '{"device_id":"d"',
        '}',
        ',',
        ':',
      ),
      fc.string({ unit: 'binary' }),
      fc.constant(ndjson([device('d9')])),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            piece.map((text) => Buffer.from(text)),
            fc.uint8Array({ maxLength: 8 }).map((raw) => Buffer.from(raw)),
          ),
          {
            maxLength: 12,
          },
        ),
        async (chunks) => {
          const cut = await read(reader, chunks);
          const whole = await read(reader, [Buffer.concat(chunks)]);
          t.deepEqual(inOneOrder(cut), inOneOrder(whole));
        },
      ),
      { numRuns: runs },
    );
  });
}

test('beyond a thousand problems the rest is counted', async (t) => {
  const problems = new ProblemList();
  for await (const block of ndjsonRows(Readable.from(['[]\n'.repeat(1234)]), problems))
    t.deepEqual(block, []);
  const error = problems.toError();
  t.is(error.problems.length, 1000);
  t.is(error.more, 234);
  t.regex(error.message, /1234 problems, first on line 1: .*1000 are listed, and 234 more/);
});
