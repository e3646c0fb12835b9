import test from 'ava';
import { onlyObject, portreeve, portreeveHere } from './helpers/run.ts';

const wrong: readonly (readonly [what: string, args: readonly string[]])[] = [
  ['no command', []],
  ['an unknown command', ['decied']],
  ['an unknown command of a group', ['device', 'remove', 'x']],
  ['a group without a command', ['crl']],
  ['the option before a group without a command', ['--json', 'device']],
  ['the option before a wrong command', ['--json', 'device', 'get']],
  ['many objects where one is asked for', ['--json', 'cert', 'verify', '--batch']],
  ['an unknown option', ['version', '--frobnicate']],
  ['a missing argument', ['device', 'get']],
  ['an argument too many', ['device', 'get', 'a', 'b']],
  ['a missing option value', ['config', 'check', '--json', '--config']],
  ['a status that does not exist', ['device', 'set-status', 'a', 'broken', '--why', 'x']],
  ['a change without its why', ['device', 'set-status', 'a', 'disabled']],
  ['an empty why', ['device', 'set-status', 'a', 'disabled', '--why', ' ']],
  ['a limit that is no number', ['device', 'list', '--limit', '1e3']],
  ['a time that is not RFC 3339', ['decide', '--request', '-', '--at', 'now']],
  ['a request and a record at once', ['decide', '--request', '-', '--replay', '-']],
  ['neither request nor record', ['decide']],
  ['decisions in the one object', ['serve', '--print-decisions']],
];

for (const [what, args] of wrong) {
  test(`${what} is wrong usage: 2, and one object on stdout with --json`, async (t) => {
    const json = await portreeveHere(args.includes('--json') ? args : [...args, '--json']);
    t.is(json.code, 2, json.stdout + json.stderr);
    const { error } = onlyObject(json) as { error: { code: string; message: string } };
    t.is(error.code, 'PDP_USAGE');
    t.true(error.message.length > 0);
    t.is(json.stderr, '');
  });
}

test('help and the version number are one object with --json, wherever it stands', async (t) => {
  const version = onlyObject(await portreeveHere(['version', '--json']));
  for (const args of [
    ['--version', '--json'],
    ['--json', '-V'],
  ]) {
    const run = await portreeveHere(args);
    t.deepEqual([run.code, run.stderr, onlyObject(run)], [0, '', { program: version['program'] }]);
  }
  for (const args of [['--help'], ['help'], ['device', '--help'], ['decide', '-h'], ['help', 'crl']]) {
    const text = await portreeveHere(args);
    t.regex(text.stdout, /^Usage: portreeve /);
    for (const asked of [
      [...args, '--json'],
      ['--json', ...args],
    ]) {
      const run = await portreeveHere(asked);
      t.deepEqual([run.code, run.stderr, onlyObject(run)], [0, '', { help: text.stdout }], asked.join(' '));
    }
  }
});

test('--json before a command is the same as after it, and after -- it is an argument', async (t) => {
  const before = await portreeveHere(['--json', 'config', 'schema']);
  t.is(before.stdout, (await portreeveHere(['config', 'schema', '--json'])).stdout);
  t.is(before.stdout, (await portreeveHere(['config', '--json', 'schema'])).stdout);
  const argument = await portreeveHere(['device', 'get', '--', '--json'], { cwd: '/' });
  t.deepEqual([argument.code, argument.stdout], [2, '']);
});

test('without --json a complaint is on stderr only', async (t) => {
  const run = await portreeve(['decied']);
  t.is(run.code, 2);
  t.is(run.stdout, '');
  t.regex(run.stderr, /unknown command 'decied'.*decide/s);
});

const commands = [
  ['serve'],
  ['decide'],
  ['device', 'import'],
  ['device', 'list'],
  ['device', 'get'],
  ['device', 'set-status'],
  ['crl', 'import'],
  ['crl', 'status'],
  ['cert', 'show'],
  ['cert', 'verify'],
  ['config', 'check'],
  ['config', 'schema'],
  ['doctor'],
  ['version'],
];

test('every command has help with examples and exit codes, on stdout', async (t) => {
  for (const command of commands) {
    const run = await portreeveHere([...command, '--help']);
    t.is(run.code, 0, command.join(' '));
    for (const part of [
      /^Usage: portreeve /,
      /--json/,
      /Examples:\n {2}\$ portreeve /,
      /Exit codes:\n {2}0/,
    ]) {
      t.regex(run.stdout, part, command.join(' '));
    }
  }
});

test('the program’s help lists every command', async (t) => {
  const { code, stdout } = await portreeveHere(['--help']);
  t.is(code, 0);
  for (const [name] of commands) t.regex(stdout, new RegExp(`^  ${name} `, 'm'));
});

test('version names program, Node.js, policy and formats', async (t) => {
  const run = await portreeve(['version', '--json']);
  t.is(run.code, 0);
  const version = onlyObject(run) as {
    program: string;
    node: string;
    bundle: { digest: string };
    formats: object;
  };
  t.regex(version.program, /^\d+\.\d+\.\d+$/);
  t.is(version.node, process.version);
  t.regex(version.bundle.digest, /^[0-9a-f]{64}$/);
  t.deepEqual(version.formats, { configuration: 1, store: 4, policy_input: 1, record: 1 });
  t.is((await portreeve(['--version'])).stdout, `${version.program}\n`);
});

test('a command without a configuration says how to name one', async (t) => {
  const run = await portreeveHere(['device', 'list', '--json'], { cwd: '/' });
  t.is(run.code, 2);
  t.like(onlyObject(run), { error: { code: 'PDP_CONFIG_INVALID' } });
});
