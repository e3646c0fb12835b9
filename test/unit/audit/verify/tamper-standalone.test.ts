import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { checkpointOf, writeLog } from '../../../helpers/made-log.ts';
import { needing } from '../../../helpers/skip.ts';
import { root } from '../../../helpers/source-files.ts';
import { honestLog, nextVerifier, saidOf, tamperMatrix } from '../../../helpers/tamper-matrix.ts';

interface Said {
  readonly verdict: string;
  readonly findings: Parameters<typeof saidOf>[0];
  readonly remarks: Parameters<typeof saidOf>[0];
}

const hasPython = spawnSync('python3', ['-c', 'import cryptography']).status === 0;
/** Another Node that auditors may have, such as the oldest that the docs name. */
const auditorsNode = process.env['VERIFIER_NODE'] ?? process.execPath;
const verifiers = [
  { name: 'verify.mjs', run: [auditorsNode, join(root, 'src/audit/export/verify.mjs')], lack: undefined },
  {
    name: 'verify.py',
    run: ['python3', join(root, 'examples/audit/verify.py')],
    lack: hasPython ? undefined : 'needs Python 3 with the package cryptography',
  },
];

for (const { name, run, lack } of verifiers) {
  for (const { title, cheat, says, remarks, held, key } of tamperMatrix) {
    needing(lack)(`${name}: ${title}: ${says[0] ?? 'nothing is wrong'}`, (t) => {
      const honest = honestLog();
      const { text } = honest.signer.verifier;
      const holds = held === undefined ? undefined : checkpointOf(honest.entries, held, [honest.signer]);
      const folder = writeLog(t, cheat(honest));
      const [command = '', ...words] = [
        ...run,
        folder,
        '--json',
        ...(key === 'none' ? [] : ['--key', key === 'next' ? nextVerifier.text : text]),
      ];
      if (holds) {
        writeFileSync(join(folder, 'held'), holds);
        words.push('--checkpoint', join(folder, 'held'));
      }
      const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' });
      t.is(stderr, '');
      const said = JSON.parse(stdout) as Said;
      t.deepEqual(saidOf(said.findings, text), says);
      t.deepEqual(saidOf(said.remarks, text), remarks ?? []);
      t.is(said.verdict, says.length === 0 ? 'verified' : 'failed');
      t.is(status, says.length === 0 ? 0 : 1);
    });
  }
}
void test;
