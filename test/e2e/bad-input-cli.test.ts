import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import { onlyObject, portreeve } from '../unit/cli/helpers/run.ts';

/** One world for all: nothing here changes it. */
let world: World;
test.before(async () => {
  world = await makeWorld({ now: Date.now() });
});
test.after.always(() => world.close());

const onHttp = (certificate: string): object => ({
  attributes: {
    source: { address: { socket_address: { address: '10.20.0.7' } }, certificate },
    request: { http: { method: 'GET', path: '/', host: 'h' } },
  },
});

/** Runs a command on the world's configuration; answers its exit code and its one JSON object. */
async function command(
  args: readonly string[],
  input: string | Uint8Array = '',
): Promise<{ code: number | null; told: Record<string, unknown>; stderr: string }> {
  const run = await portreeve([...args, '--config', world.configFile, '--json'], { input });
  return { code: run.code, told: onlyObject(run), stderr: run.stderr };
}

interface BadJson {
  readonly input: string | Uint8Array;
  readonly code: string;
  readonly message: RegExp;
}

const badJson: Readonly<Record<string, BadJson>> = {
  'JSON that is cut off': {
    input: '{"attributes": {"source":',
    code: 'PDP_INPUT_MALFORMED',
    message: /^standard input is not JSON: .+/,
  },
  'nothing at all': { input: '', code: 'PDP_INPUT_MALFORMED', message: /^standard input is not JSON: .+/ },
  'JSON that is not UTF-8': {
    input: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    code: 'PDP_INPUT_MALFORMED',
    message: /^cannot read -: .+utf-8/,
  },
  'JSON that is no request': {
    input: '[1]',
    code: 'PDP_INPUT_MALFORMED',
    message: /object/,
  },
  'a request with an unknown field': {
    input: '{"attributes": {"sauce": {}}}',
    code: 'PDP_INPUT_MALFORMED',
    message: /attributes.*sauce/,
  },
  'more than 8 MiB': {
    input: `"${'x'.repeat(8 * 1024 * 1024)}"`,
    code: 'PDP_LIMIT_EXCEEDED',
    message: /^-: more than 8388608 bytes/,
  },
};
for (const [what, { input, code, message }] of Object.entries(badJson)) {
  test(`${what} on the command line is refused with ${code} and exit code 2`, async (t) => {
    const ran = await command(['decide', '--request', '-'], input);
    t.is(ran.code, 2);
    const { error } = ran.told as { error: { code: string; message: string } };
    t.is(error.code, code);
    t.regex(error.message, message);
    t.true(ran.stderr.length < 500 && !ran.stderr.includes('    at '), ran.stderr);
  });
}

test('a bad certificate on the command line is a decision: 3 where the device is at fault, 4 with a fault', async (t) => {
  const certificate = encodeURIComponent((await world.leaf('meter/1')).pem.slice(0, 300));
  const unreadable = await command(['decide', '--request', '-'], JSON.stringify(onHttp(certificate)));
  t.is(unreadable.code, 3);
  t.like(unreadable.told, {
    outcome: 'deny',
    faults: [],
    reasons: [{ code: 'identity.unparsable_certificate' }],
  });
  const tooLong = await command(['decide', '--request', '-'], JSON.stringify(onHttp('A'.repeat(1_000_000))));
  t.is(tooLong.code, 4);
  t.like(tooLong.told, { outcome: 'deny', reasons: [{ code: 'system.input_invalid' }] });
  t.like(tooLong.told['faults'], [{ message: 'certificate: has 1000000 characters, more than 65536' }]);
});

test('an inventory with duplicate ids is refused whole, each duplicate with its line, and exit code 2', async (t) => {
  const row = (id: string): string =>
    `${JSON.stringify({ device_id: id, status: 'active', class: 'meter' })}\n`;
  const file = join(world.folder, 'twice.ndjson');
  writeFileSync(file, [row('new/1'), row('new/2'), row('new/1'), row('new/3'), row('new/2')].join(''));
  const ran = await command(['device', 'import', file, '--why', 'test']);
  t.is(ran.code, 2);
  const { error } = ran.told as {
    error: { code: string; message: string; problems: { line: number; message: string }[] };
  };
  t.is(error.code, 'PDP_INVENTORY_INVALID');
  t.regex(error.message, /has 2 problems.*nothing was imported: mend the file and import it again/);
  t.deepEqual(
    error.problems.map(({ line }) => line),
    [3, 5],
  );
  t.regex(error.problems[0]?.message ?? '', /new\/1.*line 1/);
  t.is((await command(['device', 'get', 'new/3'])).code, 1, 'not even the good rows');
});
