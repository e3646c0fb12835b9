import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { smallWitness } from '../../helpers/small-witness.ts';
import { makeInstallation } from './helpers/installation.ts';
import { onlyObject, portreeveHere as portreeve } from './helpers/run.ts';

const { text: key } = smallWitness('witness.example/w', []).verifier;

async function told(cwd: string): Promise<readonly (readonly [string, string])[]> {
  const { checks } = onlyObject(await portreeve(['doctor', '--json'], { cwd })) as {
    checks: { check: string; status: string; message: string }[];
  };
  return checks
    .filter(({ check }) => check === 'outsiders')
    .map(({ status, message }) => [status, message] as const);
}

test('doctor says how each witness and anchor stands, and where there is none', async (t) => {
  const { folder: cwd, path, config } = await makeInstallation();
  t.deepEqual(await told(cwd), [
    ['ok', 'no witness and no anchor: records can be checked against their own operator only'],
  ]);

  const yaml = readFileSync(config, 'utf8').replace(/^audit:.*$(\n {2}.*$)*/m, '');
  const audit = {
    path: 'audit/log',
    witnesses: [{ key, url: 'https://witness.example/' }],
    anchors: [
      { name: 'vault', put: 'https://vault.example/', headers_file: 'headers' },
      { name: 'other', put: 'https://other.example/', headers_file: 'none' },
    ],
  };
  writeFileSync(config, `${yaml}\naudit: ${JSON.stringify(audit)}\n`);
  writeFileSync(path('headers'), 'authorization: x\n');
  chmodSync(path('headers'), 0o644);
  t.deepEqual(
    (await told(cwd)).map(([status, message]) => [status, message.replaceAll(cwd, '')]),
    [
      ['warn', 'witness witness.example/w: was never shown a checkpoint'],
      ['warn', 'anchor vault: was never shown a checkpoint'],
      ['warn', 'anchor other: was never shown a checkpoint'],
      ['warn', 'everybody may read the headers file /headers of anchor vault'],
      ['fail', 'headers file /none of anchor other is not there'],
    ],
  );

  const stand = (folder: string, outsiders: object): void => {
    mkdirSync(path(`audit/log/${folder}`), { recursive: true });
    writeFileSync(path(`audit/log/${folder}/standing.json`), JSON.stringify({ outsiders }));
  };
  const at = new Date(Date.now() - 3_600_000).toISOString();
  const contradicts = { message: 'has cosigned 9 entries, and the log has 7', contradicts: true };
  stand('witness', { 'witness.example/w': { size: 7, at, failures: 1, error: contradicts } });
  stand('anchors', {
    vault: { size: 7, at, failures: 0, error: null },
    other: { size: null, at: null, failures: 3, error: { message: 'answers 503', contradicts: false } },
  });
  t.deepEqual((await told(cwd)).slice(0, 3), [
    ['fail', 'witness witness.example/w: has cosigned 9 entries, and the log has 7'],
    ['ok', 'anchor vault: has 7 entries since 1h'],
    ['warn', 'anchor other: has no checkpoint yet; 3 failed since: answers 503'],
  ]);
});
