import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { sha256Hex } from '../../../src/lib/bytes.ts';
import { formatInstant } from '../../../src/lib/clock.ts';
import { recordBytes } from '../../../src/audit/record.ts';
import { zipBytes } from '../../../src/lib/zip.ts';
import { httpSource } from '../../helpers/http-source.ts';
import {
  act,
  checkpointOf,
  logBegin,
  makeLog,
  newSigner,
  recordsOf,
  writeFiles,
} from '../../helpers/made-log.ts';
import type { MadeLog } from '../../helpers/made-log.ts';
import { root } from '../../helpers/source-files.ts';
import { portreeveHere } from './helpers/run.ts';

interface Place {
  readonly folder: string;
  readonly log: MadeLog;
  readonly key: string;
  readonly run: (...args: string[]) => ReturnType<typeof portreeveHere>;
}

/** A folder with a log of 700 entries in `log`, and its key in `log.key`. */
function withLog(t: ExecutionContext, entries = recordsOf(700), kept: readonly number[] = []): Place {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-audit-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const log = makeLog(entries, newSigner(), kept);
  writeFiles(join(folder, 'log'), log.files);
  writeFileSync(join(folder, 'log.key'), `# the log of plant 7\n${log.signer.verifier.text}\n`);
  const run = (...args: string[]) => portreeveHere(['audit', ...args], { cwd: folder });
  return { folder, log, key: log.signer.verifier.text, run };
}

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] as number) ^ 1;
  writeFileSync(path, bytes);
}

function unzip(archive: string, folder: string): void {
  mkdirSync(folder);
  const { status, stderr } = spawnSync('python3', ['-m', 'zipfile', '-e', archive, folder], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}

test('audit verify answers 0 for what was signed, and says whom it was checked against', async (t) => {
  const { run } = withLog(t);
  const { code, stdout } = await run('verify', 'log', '--key', 'log.key');
  t.is(code, 0, stdout);
  t.regex(stdout, /read +entries 0 to 699: 688 decisions, 12 other records/);
  t.regex(stdout, /checked against its own operator only/);
  t.regex(stdout, /VERIFIED: every entry is what was signed\n$/);
});

test('audit verify answers 1 and names the entry that was changed', async (t) => {
  const { run, folder } = withLog(t);
  flip(join(folder, 'log/tile/entries/001'), 100);
  const { code, stdout } = await run('verify', 'log', '--key', 'log.key', '--json');
  t.is(code, 1);
  const { verdict, logs } = JSON.parse(stdout) as { verdict: string; logs: { findings: object[] }[] };
  t.is(verdict, 'failed');
  t.deepEqual(logs[0]?.findings, [
    { code: 'entry.changed', entry: 256, message: 'entry 256 was changed: it is not what was signed' },
  ]);
});

test('audit verify --since checkpoint reads only what the held checkpoint does not cover', async (t) => {
  const { run, folder, log } = withLog(t);
  writeFileSync(join(folder, 'held'), checkpointOf(log.entries, 600, [log.signer]));
  flip(join(folder, 'log/tile/entries/000'), 100);
  const later = await run(
    'verify',
    'log',
    '--key',
    'log.key',
    '--checkpoint',
    'held',
    '--since',
    'checkpoint',
  );
  t.is(later.code, 0, later.stdout);
  t.regex(later.stdout, /entries 512 to 699/);
  t.is((await run('verify', 'log', '--key', 'log.key', '--checkpoint', 'held')).code, 1);
});

test('audit verify --since an instant still ties what it reads to the checkpoint', async (t) => {
  const { run, folder } = withLog(t);
  const since = formatInstant(logBegin + 600_000);
  const sound = await run('verify', 'log', '--key', 'log.key', '--since', since);
  t.is(sound.code, 0, sound.stdout);
  t.regex(sound.stdout, /entries (256|512) to 699/);
  flip(join(folder, 'log/tile/entries/002.p/188'), 100);
  t.is((await run('verify', 'log', '--key', 'log.key', '--since', since)).code, 1);
});

test('a log is verified at the address of its static files', async (t) => {
  const { run, log } = withLog(t);
  const { origin } = await httpSource(t, (request, response) => {
    const found = log.files.get((request.url ?? '').slice('/plant/'.length));
    response.statusCode = found ? 200 : 404;
    response.end(found);
  });
  const { code, stdout } = await run('verify', `${origin}/plant`, '--key', 'log.key');
  t.is(code, 0, stdout);
  log.files.delete('tile/entries/001');
  const gone = await run('verify', `${origin}/plant`, '--key', 'log.key');
  t.is(gone.code, 1);
  t.regex(gone.stdout, /entries 256 to 511 are missing/);
});

/** A store of what an anchor put, and the lines that the log keeps of it. */
async function withStore(t: ExecutionContext, sizes: readonly number[]) {
  const place = withLog(t);
  const objects = new Map<string, Uint8Array>();
  const store = await httpSource(t, (request, response) => {
    const found = objects.get(request.url ?? '');
    response.writeHead(found ? 200 : 404, { 'last-modified': 'Sun, 01 Nov 2026 00:20:00 GMT' }).end(found);
  });
  const lines = sizes.map((size) => {
    const bytes = checkpointOf(place.log.entries, size, [place.log.signer]);
    objects.set(`/vault/${size}`, bytes);
    const url = `${store.origin}/vault/${size}`;
    const more = { at: formatInstant(logBegin), checkpoint: Buffer.from(bytes).toString() };
    return JSON.stringify({ kind: 'put', anchor: 'vault', url, etag: null, version: null, ...more });
  });
  writeFiles(
    join(place.folder, 'log'),
    new Map([
      ['anchors/list.json', Buffer.from('{"files":["2026-11-01.ndjson"]}')],
      ['anchors/2026-11-01.ndjson', Buffer.from(`${lines.join('\n')}\n`)],
    ]),
  );
  return { ...place, objects, store, verify: ['verify', 'log', '--key', 'log.key'] };
}

test('what an anchor put is read back from the store that is named, and counts as the store has it', async (t) => {
  const { run, store, objects, log, verify } = await withStore(t, [100, 600]);
  const vault = ['--store', `${store.origin}/vault`];
  const read = await run(...verify, ...vault);
  t.is(read.code, 0, read.stdout);
  t.regex(read.stdout, /seen by vault, last at 600 entries/);
  t.regex(read.stdout, /objects of anchors: 2 read back, 0 not there, 0 not read/);
  t.regex(
    (await run(...verify, ...vault, '--store-objects', '1')).stdout,
    /1 read back, 0 not there, 1 not read/,
  );
  objects.delete('/vault/100');
  t.regex((await run(...verify, ...vault)).stdout, /NOTE {3}outsider: .*:1: vault has nothing at/);
  // The operator has the key, and signed another history there.
  const other = [...log.entries.slice(0, 99), Buffer.from('{}')];
  objects.set('/vault/100', checkpointOf(other, 100, [log.signer]));
  const forked = await run(...verify, ...vault);
  t.is(forked.code, 1);
  t.regex(forked.stdout, /WRONG {2}outsider: .*\/vault\/100 holds another checkpoint than is kept here/);
});

test('no store is asked that is not named, or with --offline, and one that is down is a remark', async (t) => {
  const { run, store, verify, folder } = await withStore(t, [600]);
  for (const words of [[], ['--offline'], ['--store', `${store.origin}/vau/`]]) {
    const { code, stdout } = await run(...verify, ...words);
    t.is(code, 0, stdout);
    t.regex(stdout, /what vault holds was not read back/);
    t.regex(stdout, /checked against its own operator only/);
  }
  t.is(store.asked.length, 0);
  writeFileSync(join(folder, 'headers'), 'authorization: Bearer x\n');
  const vault = ['--store', `${store.origin}/vault/`];
  t.is((await run(...verify, ...vault, '--offline')).code, 2);
  t.is((await run(...verify, ...vault, '--store-headers', 'headers')).code, 2);
  t.is((await run(...verify, '--store-headers', 'headers')).code, 2);
  t.is((await run(...verify, '--store', 'vault')).code, 2);
  await store.close();
  const down = await run(...verify, ...vault);
  t.is(down.code, 0, down.stdout);
  t.regex(down.stdout, /NOTE {3}outsider: .*not read back: .*ECONNREFUSED/);
});

test('what a log keeps beside its tiles is found at an address too, by its lists', async (t) => {
  const { run, log } = withLog(t, recordsOf(700), [300]);
  log.files.set('checkpoints/list.json', Buffer.from('{"files":["300"]}'));
  log.files.set('anchors/list.json', Buffer.from('{"files":["2026-11-01.ndjson"]}'));
  log.files.set('anchors/2026-11-01.ndjson', Buffer.from('{}\n'));
  const { origin } = await httpSource(t, (request, response) => {
    const found = log.files.get((request.url ?? '').slice('/plant/'.length));
    response.statusCode = found ? 200 : 404;
    response.end(found);
  });
  const verify = ['verify', `${origin}/plant`, '--key', 'log.key'];
  t.is((await run(...verify)).code, 0);
  t.is((await run('export', `${origin}/plant`, '--out', 'e.zip')).code, 0);
  const exported = (await run('verify', 'e.zip', '--key', 'log.key')).stdout;
  t.regex(exported, /anchors\/2026-11-01.ndjson:1: is no line of an anchor/);
  log.files.set('checkpoints/300', checkpointOf([...log.entries].reverse(), 300, [log.signer]));
  const forked = await run(...verify);
  t.is(forked.code, 1);
  t.regex(forked.stdout, /history.forked: .* the checkpoint in checkpoints\/300/);
  for (const list of ['[]', '{"files":["../checkpoint"]}', '{"files":[".."]}', 'null']) {
    log.files.set('checkpoints/list.json', Buffer.from(list));
    t.is((await run(...verify)).code, 2, list);
  }
});

test('a server that sends more than a file of a log can have is cut off there', async (t) => {
  const { run, log } = withLog(t);
  let sent = 0;
  const { origin } = await httpSource(t, (request, response) => {
    const path = (request.url ?? '').slice('/plant/'.length);
    if (path !== 'tile/0/001')
      return void response.writeHead(log.files.has(path) ? 200 : 404).end(log.files.get(path));
    const more = (): void => {
      while (!response.destroyed && sent < 1e9 && response.write(Buffer.alloc(65_536))) sent += 65_536;
    };
    response.on('drain', more);
    more();
  });
  const { code, stderr } = await run('verify', `${origin}/plant`, '--key', 'log.key');
  t.is(code, 2);
  t.regex(stderr, /PDP_SOURCE_REFUSED: .*tile\/0\/001/);
  t.true(sent < 64 * 1024 * 1024, 'what the network holds, not what was sent');
});

test('a proof holds by the key of the log alone, and by no other', async (t) => {
  const { run, folder } = withLog(t);
  const proof = await run('prove', 'd-333', 'log');
  t.is(proof.code, 0, proof.stderr);
  writeFileSync(join(folder, 'p'), proof.stdout);
  const checked = await run('check', 'p', '--key', 'log.key');
  t.is(checked.code, 0, checked.stdout);
  t.regex(checked.stdout, /"decision_id":"d-333"/);
  const strange = newSigner().verifier.text;
  t.is((await run('check', 'p', '--key', strange)).code, 1);
  const forged = proof.stdout.replace(
    /^extra .*$/m,
    `extra ${Buffer.from('{"decision_id":"d-334"}').toString('base64')}`,
  );
  writeFileSync(join(folder, 'forged'), forged);
  const refused = await run('check', 'forged', '--key', 'log.key', '--json');
  t.is(refused.code, 1);
  t.regex(refused.stdout, /this is not entry 333 of the 700/);
  t.is((await run('check', 'p')).code, 2);
});

test('an export is verified by all three verifiers, and names the entry of which one byte was changed', async (t) => {
  const policy = Buffer.from('the policy');
  const digest = sha256Hex(policy);
  const entries = recordsOf(700);
  entries[600] = Buffer.from(
    recordBytes({ kind: 'decision', time: formatInstant(logBegin + 600_000), versions: { bundle: digest } }),
  );
  const { run, folder, log, key } = withLog(t, entries, [100, 300]);
  writeFiles(join(folder, 'log'), new Map([[`kept/${digest}`, policy]]));
  writeFileSync(join(folder, 'held'), checkpointOf(log.entries, 200, [log.signer]));
  const since = formatInstant(logBegin + 420_000);
  const made = await run(
    'export',
    'log',
    '--since',
    since,
    '--checkpoint',
    'held',
    '--out',
    'e.zip',
    '--json',
  );
  t.is(made.code, 0, made.stderr);
  t.like(JSON.parse(made.stdout), { from: 256, size: 700, kept: 1, missing: 0 });
  unzip(join(folder, 'e.zip'), join(folder, 'empty'));
  t.deepEqual(readFileSync(join(folder, 'empty/kept', digest)), policy);
  const lines = readFileSync(join(folder, 'empty/records/000000000256.ndjson'), 'utf8').split('\n');
  t.is(lines[0], Buffer.from(log.entries[256] as Uint8Array).toString());
  const own = (): readonly [string, readonly string[]][] => [
    [
      process.execPath,
      [join(folder, 'empty/verify.mjs'), '--key', key, '--checkpoint', join(folder, 'held')],
    ],
    ['python3', [join(root, 'examples/audit/verify.py'), join(folder, 'empty'), '--key', key]],
  ];
  const product = await run('verify', 'e.zip', '--key', 'log.key', '--checkpoint', 'held');
  t.is(product.code, 0, product.stdout);
  for (const [command, words] of own()) {
    const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' });
    if (/No module named/.test(stderr)) continue;
    t.is(status, 0, stdout + stderr);
    t.regex(stdout, /VERIFIED/);
  }
  flip(join(folder, 'empty/tile/entries/002.p/188'), 100);
  t.regex((await run('verify', 'empty', '--key', 'log.key')).stdout, /entry 512 was changed/);
  for (const [command, words] of own()) {
    const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' });
    if (/No module named/.test(stderr)) continue;
    t.is(status, 1);
    t.regex(stdout, /WRONG {2}entry.changed: entry 512 was changed/);
  }
});

test('lines of an export that are not the entries, and kept files that were changed, are told', async (t) => {
  const { run, folder } = withLog(t);
  t.is((await run('export', 'log', '--out', 'e.zip')).code, 0);
  unzip(join(folder, 'e.zip'), join(folder, 'out'));
  flip(join(folder, 'out/records/000000000000.ndjson'), 40);
  writeFiles(join(folder, 'out'), new Map([[`kept/${'0'.repeat(64)}`, Buffer.from('x')]]));
  const { code, stdout } = await run('verify', 'out', '--key', 'log.key');
  t.is(code, 1);
  t.regex(stdout, /records\/000000000000.ndjson: line 1 is not entry 0/);
  t.regex(stdout, /kept\/0{64} was changed/);
  const alone = spawnSync(process.execPath, [join(folder, 'out/verify.mjs'), '--json'], { encoding: 'utf8' });
  const { findings } = JSON.parse(alone.stdout) as { findings: { message: string }[] };
  t.is(findings.length, 2, alone.stdout);
});

test('a fleet is told which log is missing, silent, or not listed', async (t) => {
  const { run, folder, log, key } = withLog(t);
  writeFiles(join(folder, 'logs/b'), log.files);
  const fleet = (silence: string): string =>
    [
      'logs:',
      ...['  - site: a', '    log: log', `    keys: ['${key}']`, `    silence: ${silence}`],
      ...['  - site: gone', '    log: nowhere', `    keys: ['${key}']`],
    ].join('\n');
  writeFileSync(join(folder, 'fleet.yaml'), fleet('30000d'));
  const { code, stdout } = await run('verify', '--fleet', 'fleet.yaml', 'logs');
  t.is(code, 1);
  t.notRegex(stdout, /^a: WRONG/m);
  t.regex(stdout, /^gone: WRONG +fleet.missing/m);
  t.regex(stdout, /logs\/b: WRONG +fleet.unlisted/);
  writeFileSync(join(folder, 'fleet.yaml'), fleet('1s'));
  t.regex(
    (await run('verify', '--fleet', 'fleet.yaml')).stdout,
    /^a: WRONG +fleet.silent: silent since 2026-11-01T00:11:39/m,
  );
  writeFileSync(join(folder, 'fleet.yaml'), 'logs: []\n');
  t.is((await run('verify', '--fleet', 'fleet.yaml')).code, 2);
});

test('one log that a fleet lists for two sites is refused by its place, and told by its name and key', async (t) => {
  const { run, folder, log, key } = withLog(t);
  const list = (other: string): string =>
    ['a', 'b']
      .map(
        (site, place) =>
          `  - {site: ${site}, log: ${place === 0 ? 'log' : other}, keys: ['${key}'], silence: 30000d}`,
      )
      .join('\n');
  symlinkSync(join(folder, 'log'), join(folder, 'link'));
  for (const other of ['log/', './log', 'link']) {
    writeFileSync(join(folder, 'fleet.yaml'), `logs:\n${list(other)}\n`);
    const { code, stderr } = await run('verify', '--fleet', 'fleet.yaml');
    t.is(code, 2, other);
    t.regex(stderr, /a and b have the same log/);
  }
  writeFiles(join(folder, 'copy'), log.files);
  writeFileSync(join(folder, 'fleet.yaml'), `logs:\n${list('copy')}\n`);
  const { code, stdout } = await run('verify', '--fleet', 'fleet.yaml');
  t.is(code, 1);
  t.regex(stdout, /^b: WRONG +fleet.twice: this is the log of a too/m);
  t.notRegex(stdout, /^a: WRONG/m);
});

test('a log of a fleet is silent where nothing was recorded, or its server stopped long ago, or it is said that none can tell', async (t) => {
  const { run, folder } = withLog(t);
  const logs: Readonly<Record<string, readonly Uint8Array[]>> = {
    empty: [],
    stopped: [...recordsOf(300), act(logBegin + 300_000, 'stop', {})],
    dead: recordsOf(300),
    beatless: recordsOf(50),
  };
  const lines = Object.entries(logs).map(([site, entries]) => {
    const { files, signer } = makeLog([...entries], newSigner(`${site}.example`));
    files.set('checkpoint', checkpointOf(entries, entries.length, [signer], `${site}.example`));
    writeFiles(join(folder, site), files);
    return `  - {site: ${site}, log: ${site}, keys: ['${signer.verifier.text}']}`;
  });
  writeFileSync(join(folder, 'fleet.yaml'), `logs:\n${lines.join('\n')}\n`);
  const { code, stdout } = await run('verify', '--fleet', 'fleet.yaml');
  t.is(code, 1);
  t.regex(stdout, /^empty: WRONG +fleet.silent: silent: nothing was ever recorded/m);
  t.regex(stdout, /^stopped: WRONG +fleet.silent: stopped since 2026-11-01T00:05:00/m);
  t.regex(stdout, /^dead: WRONG +fleet.silent: silent since 2026-11-01T00:04:59/m);
  t.regex(stdout, /^beatless: NOTE +fleet.silent: whether it is silent cannot be told: it has no heartbeat/m);
  t.notRegex(stdout, /^beatless: WRONG/m);
});

test('keys of several logs count each for the log whose name it bears, and one of no log is told', async (t) => {
  const { run, folder } = withLog(t);
  for (const site of ['a', 'b', 'c']) {
    const { entries, files, signer } = makeLog(recordsOf(300), newSigner(`${site}.example`));
    files.set('checkpoint', checkpointOf(entries, 300, [signer], `${site}.example`));
    writeFiles(join(folder, site), files);
    writeFileSync(join(folder, `${site}.key`), signer.verifier.text);
  }
  const both = await run('verify', 'a', 'b', '--key', 'a.key', 'b.key');
  t.is(both.code, 0, both.stdout);
  const keyless = await run('verify', 'a', 'b', 'c', '--key', 'a.key', 'b.key');
  t.is(keyless.code, 1);
  t.is(keyless.stdout.match(/^VERIFIED/gm)?.length, 2, keyless.stdout);
  t.regex(
    keyless.stdout,
    /no key was given for this log, c.example: those given are for a.example, b.example/,
  );
  // Whoever serves the log of a at the place of b is not verified by the key of a.
  const replaced = await run('verify', 'a', 'a', '--key', 'a.key', 'b.key');
  t.is(replaced.code, 1);
  t.regex(replaced.stdout, /WRONG {2}key.unknown: none of these logs is the one of the key b.example/);
  // A key of its name that is not its own is no key.
  const forged = newSigner('b.example').verifier.text;
  t.is((await run('verify', 'a', 'b', '--key', 'a.key', forged)).code, 1);
});

test('--since a time that leaves the held checkpoint before it still compares it, and says what is damaged or missing', async (t) => {
  const { run, folder, log } = withLog(t, recordsOf(1100));
  writeFileSync(join(folder, 'held'), checkpointOf(log.entries, 300, [log.signer]));
  const since = formatInstant(logBegin + 900_000);
  const verify = ['verify', 'log', '--key', 'log.key', '--checkpoint', 'held', '--since', since];
  const sound = await run(...verify);
  t.is(sound.code, 0, sound.stdout);
  t.regex(sound.stdout, /entries (512|768) to 1099/);
  const path = join(folder, 'log/tile/0/001');
  writeFileSync(path, 'short');
  const damaged = await run(...verify);
  t.is(damaged.code, 1);
  t.regex(damaged.stdout, /WRONG {2}tile.malformed: tile\/0\/001 has 5 bytes instead of 8192/);
  t.regex(damaged.stdout, /WRONG {2}history.uncompared: .* tile\/0\/001 is not as it was/);
  t.notRegex(damaged.stdout, /gone/);
  rmSync(path);
  const missing = await run(...verify);
  t.is(missing.code, 1);
  t.regex(missing.stdout, /WRONG {2}tile.missing: tile\/0\/001 is not there/);
  t.notRegex(missing.stdout, /gone/);
});

test('an archive that was packed again holds the log in the fewest folders, in whatever order it names its files', async (t) => {
  const { run, folder, log, key } = withLog(t);
  log.files.set('witness/checkpoint', checkpointOf(log.entries, 700, [newSigner('witness.example')]));
  writeFiles(join(folder, 'log'), log.files);
  const script = [
    'import os, sys, zipfile',
    'names = [os.path.relpath(os.path.join(at, f), "log") for at, _, fs in os.walk("log") for f in fs]',
    'names.sort(key=lambda n: (n != "witness/checkpoint", n))',
    'with zipfile.ZipFile(sys.argv[1], "w") as out: [out.write("log/" + n, sys.argv[2] + n) for n in names]',
  ].join('\n');
  for (const around of ['', 'november/', 'a/b/']) {
    const packed = spawnSync('python3', ['-c', script, 'p.zip', around], { cwd: folder, encoding: 'utf8' });
    t.is(packed.status, 0, packed.stderr);
    const product = await run('verify', 'p.zip', '--key', 'log.key');
    t.is(product.code, 0, product.stdout);
    const found = await run('query', 'p.zip', '--limit', '1', '--format', 'ndjson');
    t.is(found.code, 0, found.stderr);
    t.regex(found.stdout, /"d-699"/);
    const words = [join(root, 'examples/audit/verify.py'), 'p.zip', '--key', key];
    const { status, stdout, stderr } = spawnSync('python3', words, { cwd: folder, encoding: 'utf8' });
    if (!/No module named/.test(stderr)) t.is(status, 0, stdout + stderr);
  }
});

test('a kept checkpoint that an address names and does not serve is told', async (t) => {
  const { run, log } = withLog(t, recordsOf(700), [300]);
  log.files.set('checkpoints/list.json', Buffer.from('{"files":["300","600"]}'));
  const { origin } = await httpSource(t, (request, response) => {
    const found = log.files.get((request.url ?? '').slice('/plant/'.length));
    response.statusCode = found ? 200 : 404;
    response.end(found);
  });
  const { code, stdout } = await run('verify', `${origin}/plant`, '--key', 'log.key');
  t.is(code, 1);
  t.regex(
    stdout,
    /WRONG {2}history.missing: checkpoints\/600 is not there, and checkpoints\/list.json names it/,
  );
});

test('a file of lines, a missing log and a key of a witness are refused with exit code 2', async (t) => {
  const { run, folder } = withLog(t);
  writeFileSync(join(folder, 'lines.ndjson'), '{}\n');
  const lines = await run('verify', 'lines.ndjson');
  t.is(lines.code, 2);
  t.regex(lines.stderr, /nothing is signed in it/);
  const missing = await run('verify', 'nowhere');
  t.is(missing.code, 2);
  t.regex(missing.stderr, /there is no log nowhere/);
  t.is((await run('verify', 'log', '--key', 'x+00000000+AAAA')).code, 2);
  t.is((await run('verify', 'log', '--since', 'checkpoint')).code, 2);
});

test('of several logs one that cannot be read keeps nothing back of the others, and is told with exit code 2', async (t) => {
  const { run } = withLog(t);
  const { code, stdout } = await run('verify', 'log', 'nowhere', '--key', 'log.key');
  t.is(code, 2);
  t.regex(stdout, /VERIFIED: every entry is what was signed\n\nUNREAD nowhere: there is no log nowhere\n$/);
  const told = JSON.parse((await run('verify', 'nowhere', 'log', '--key', 'log.key', '--json')).stdout) as {
    verdict: string;
    logs: { verdict: string }[];
    unread: object[];
  };
  t.like(told, { verdict: 'failed', logs: [{ location: 'log', verdict: 'verified' }] });
  t.deepEqual(told.unread, [
    { location: 'nowhere', error: { code: 'PDP_INPUT_MALFORMED', message: 'there is no log nowhere' } },
  ]);
});

test('an archive that was cut off, has a file twice or a damaged one is read by no verifier, with exit code 2', async (t) => {
  const { run, folder, log } = withLog(t);
  const files = [...log.files].map(([name, bytes]) => ({ name, bytes, store: true }));
  const archived = async (...more: typeof files): Promise<Buffer> => {
    const parts: Uint8Array[] = [];
    for await (const part of zipBytes([...files, ...more])) parts.push(part);
    return Buffer.concat(parts);
  };
  const whole = await archived();
  const damaged = Buffer.from(whole);
  damaged[damaged.indexOf(log.files.get('checkpoint') as Buffer) + 3]! ^= 1;
  const other = (await archived({ name: 'checkpoinT', bytes: Buffer.from('none'), store: true })).toString(
    'latin1',
  );
  const twice = Buffer.from(other.replaceAll('checkpoinT', 'checkpoint'), 'latin1');
  const archives = {
    'whole.zip': [whole, 0],
    'cut.zip': [whole.subarray(0, -30), 2],
    'twice.zip': [twice, 2],
    'damaged.zip': [damaged, 2],
  } as const;
  for (const [name, [bytes, expected]] of Object.entries(archives)) {
    writeFileSync(join(folder, name), bytes);
    const own = await run('verify', name, '--key', 'log.key');
    t.is(own.code, expected, name + own.stdout);
    const { status, stdout, stderr } = spawnSync(
      'python3',
      [join(root, 'examples/audit/verify.py'), join(folder, name)],
      {
        encoding: 'utf8',
      },
    );
    if (/No module named/.test(stderr)) continue;
    t.is(status, expected, stdout + stderr);
    t.regex(stderr, expected === 0 ? /^$/ : /^verify\.py: cannot read the log: .*\n$/, name);
  }
});

test('an index that lacks what the log has, or is of another log, is told', async (t) => {
  const { run, folder } = withLog(t);
  t.is((await run('reindex', 'log')).code, 0);
  const sound = await run('verify', 'log', '--key', 'log.key');
  t.is(sound.code, 0, sound.stdout);
  for (const damage of ['UPDATE columns SET rows = zeroblob(2550) WHERE tile = 1', 'DELETE FROM runs']) {
    t.is((await run('reindex', 'log')).code, 0);
    const index = new DatabaseSync(join(folder, 'log/index.db'));
    index.exec(damage);
    index.close();
    const lacking = await run('verify', 'log', '--key', 'log.key');
    t.is(lacking.code, 1);
    const tile = damage.startsWith('DELETE') ? 'entries 0 to 255' : 'entries 256 to 511';
    t.regex(lacking.stdout, new RegExp(`index.db does not have ${tile} as the log does`));
  }
  const other = makeLog(recordsOf(700).reverse());
  writeFiles(join(folder, 'log'), other.files);
  const { stdout } = await run('verify', 'log', '--key', other.signer.verifier.text);
  t.regex(stdout, /index.db was not made from this log/);
});

test('what records hold rewrites no terminal, in no format that people read, and JSON says the same', async (t) => {
  const entries = recordsOf(300);
  const device = 'm\u009b2J\u202eevil\u001b[2J';
  entries[10] = Buffer.from(
    recordBytes({
      decision_id: 'd-10',
      device_id: device,
      kind: 'decision',
      time: formatInstant(logBegin + 10_000),
    }),
  );
  const { run } = withLog(t, entries);
  const shown = (await run('show', '#10', 'log')).stdout;
  const csv = (await run('query', 'log', '--format', 'csv', '--oldest-first', '--limit', '12')).stdout;
  const table = (await run('query', 'log', '--oldest-first', '--limit', '12')).stdout;
  for (const text of [shown, csv, table]) {
    t.notRegex(text, /[\u0080-\u009f\u202a-\u202e\u001b]/);
    t.true(text.includes('\\u009b2J\\u202eevil'));
  }
  const json = shown.slice(shown.indexOf('{'), shown.indexOf('\n}') + 2);
  t.is((JSON.parse(json) as { device_id: string }).device_id, device);
});
