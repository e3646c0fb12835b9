import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { portreeve, startPortreeve, until } from '../helpers/processes.ts';
import { checkPath, framedMessage, rawClient } from '../helpers/raw-grpc.ts';

interface Answer {
  readonly as_expected: boolean;
  readonly rows: readonly { readonly connection: string; readonly as_expected: boolean }[];
}

test.serial(
  'the demo decides every connection as expected each time it runs on the fleet that it keeps',
  (t) => {
    t.timeout(120_000);
    const folder = mkdtempSync(join(tmpdir(), 'portreeve-demo-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    for (const fleet of ['made', 'reusing', 'reusing']) {
      const ran = portreeve(['demo', '--folder', folder, '--json'], { cwd: folder });
      const { as_expected: asExpected, rows } = JSON.parse(ran.stdout) as Answer;
      t.deepEqual(
        rows.filter((row) => !row.as_expected),
        [],
      );
      t.true(asExpected);
      t.is(ran.code, 0, ran.stderr);
      t.true(ran.stderr.includes(`${fleet} the demo fleet`), ran.stderr);
    }
  },
);

test.serial(
  'a demo that stays shows its table, prints each further decision in one line, and ends with 0 on Ctrl-C',
  async (t) => {
    t.timeout(120_000);
    const folder = mkdtempSync(join(tmpdir(), 'portreeve-demo-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const running = startPortreeve(['demo', '--stay', '--any-port', '--folder', folder]);
    t.teardown(() => running.stop('SIGKILL'));
    const address = await until('it listens', () => /gRPC on (\S+) /.exec(running.output())?.[1], {
      running,
      timeoutMs: 60_000,
    });
    t.regex(running.output(), /\n(\d+) of \1 connections were decided as expected\n/);
    // The commands that it says to try are about this fleet, wherever it is.
    const commands = running.output().match(/^ {2}bin\/portreeve .*$/gm) ?? [];
    t.true(commands.length > 0);
    for (const line of commands) t.regex(line, / --config \S+\/portreeve\.yaml$/);

    const before = running.output().length;
    const request = { attributes: { request: { http: { method: 'GET', path: '/', host: 'h' } } } };
    const body = [framedMessage('envoy.service.auth.v3.CheckRequest', request)];
    const client = rawClient(t, address);
    for (const _ of [1, 2]) await client.call({ path: checkPath, body });
    const line = /^\S+Z deny {2}- via local-gateway: identity\.no_credential: .*$/gm;
    await until('both are printed', () => running.output().slice(before).match(line)?.length === 2, {
      running,
    });
    t.is(await running.stop('SIGINT'), 0, running.output());

    // As JSON it is one object, in the end.
    const quiet = startPortreeve(['demo', '--stay', '--any-port', '--folder', folder, '--json']);
    t.teardown(() => quiet.stop('SIGKILL'));
    await until('it has asked', () => quiet.output().includes('asked about every connection'), {
      running: quiet,
      timeoutMs: 60_000,
    });
    t.is(await quiet.stop('SIGINT'), 0, quiet.output());
    const printed = quiet
      .output()
      .split('\n')
      .filter((text) => text !== '' && !text.startsWith('portreeve: '));
    t.is(printed.length, 1, quiet.output());
    t.like(JSON.parse(printed[0] ?? ''), { exit: 0, as_expected: true });
  },
);
