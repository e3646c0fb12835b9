import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openPlace } from '../../../../src/audit/verify/place.ts';
import { verifyLog } from '../../../../src/audit/verify/verify-log.ts';
import { noteSigner } from '../../../../src/audit/tlog/note.ts';
import {
  act,
  checkpointOf,
  logBegin,
  makeLog,
  newSigner,
  origin,
  writeLog,
} from '../../../helpers/made-log.ts';
import { root } from '../../../helpers/source-files.ts';

const signer = noteSigner(origin, newSigner().privateKey);
const size = 2 * 65_536 + 700;
const entries = Array.from({ length: size }, (_, index) =>
  index === size - 1
    ? act(logBegin + size, 'log_pruned', { minimum_index: 2 * 65_536 + 256 })
    : Buffer.from(`{"kind":"decision","n":${index},"time":"2026-11-01T00:00:00Z"}`),
);
const { files } = makeLog(entries, signer);

/** The log without what retention takes below entry 131,328, but for the tiles named. */
function prunedFiles(kept: readonly string[]): Map<string, Uint8Array> {
  const left = new Map(files);
  for (const path of files.keys()) {
    const [, level = '', ...rest] = path.split('/');
    const index = Number(rest.join('').replaceAll('x', ''));
    const end = { entries: 256, 0: 256, 1: 65_536 }[level];
    const isPruned = end !== undefined && !path.includes('.p') && (index + 1) * end <= 2 * 65_536 + 256;
    if (path.startsWith('tile/') && isPruned && !kept.includes(path)) left.delete(path);
  }
  return left;
}

const cases: readonly (readonly [held: number, kept: readonly string[], lacking: string | null])[] = [
  [65_536, [], null],
  [131_072, [], null],
  [131_072 + 256, [], null],
  [512, [], 'tile/1/000'],
  [512, ['tile/1/000'], null],
  [66_000, [], 'tile/0/257 and tile/1/001'],
  [66_000, ['tile/0/257'], 'tile/1/001'],
  [66_000, ['tile/0/257', 'tile/1/001'], null],
  [131_072 + 100, [], 'tile/0/512'],
  [131_072 + 100, ['tile/0/512'], null],
];

for (const [held, kept, lacking] of cases) {
  const how = lacking === null ? 'is compared' : `takes ${lacking}`;
  test(`a checkpoint of ${held} entries of a log pruned below 131,328, with ${kept.join(', ') || 'nothing more'} left: ${how}, in all verifiers`, async (t) => {
    const folder = writeLog(t, { files: prunedFiles(kept) });
    const bytes = checkpointOf(entries, held, [signer]);
    const { verifier: key } = signer;
    const { report } = await verifyLog(await openPlace(folder, { folder }), { keys: [key], held: bytes });
    const said = report.findings.map(({ code, message }) => `${code}: ${message}`);
    const problem = `nothing shows that the log continues the checkpoint that you hold (${held} entries): it takes ${lacking}, gone with older entries: ask the operator for a copy (hashes alone), or for an export with this checkpoint`;
    t.deepEqual(said, lacking === null ? [] : [`history.uncompared: ${problem}`]);
    writeFileSync(join(folder, 'held'), bytes);
    const words = [folder, '--json', '--key', key.text, '--checkpoint', join(folder, 'held')];
    for (const [command, file] of [
      [process.execPath, 'src/audit/export/verify.mjs'],
      ['python3', 'examples/audit/verify.py'],
    ] as const) {
      const { stdout, stderr } = spawnSync(command, [join(root, file), ...words], { encoding: 'utf8' });
      if (/No module named/.test(stderr)) continue;
      t.deepEqual((JSON.parse(stdout) as { findings: object }).findings, report.findings, stderr);
    }
  });
}

test('a tile of tiles that is another one is damage, and is not compared by', async (t) => {
  const left = prunedFiles(['tile/0/257', 'tile/1/001']);
  const changed = Buffer.from(left.get('tile/1/001') as Uint8Array);
  changed[0] = (changed[0] as number) ^ 1;
  const folder = writeLog(t, { files: left.set('tile/1/001', changed) });
  const held = checkpointOf(entries, 66_000, [signer]);
  const { report } = await verifyLog(await openPlace(folder, { folder }), { keys: [signer.verifier], held });
  t.deepEqual(
    report.findings.map(({ code, entry }) => [code, entry]),
    [
      ['tile.changed', 65_536],
      ['history.uncompared', null],
    ],
  );
});
