import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { folderFiles } from '../../../../src/audit/log/folder-files.ts';
import { parseCheckpoint } from '../../../../src/audit/tlog/checkpoint.ts';
import { cosign } from '../../../../src/audit/tlog/cosignature.ts';
import { noteSigner, signatureType } from '../../../../src/audit/tlog/note.ts';
import type { NoteSigner } from '../../../../src/audit/tlog/note.ts';
import { CosignedCheckpoint } from '../../../../src/server/audit/cosigned-checkpoint.ts';
import { KeptFolder } from '../../../../src/server/audit/kept-folder.ts';
import { SeenLog, texts } from '../../../helpers/seen-log.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';

test('the largest cosigned checkpoint stays, gathers its cosignatures, and gives way to a larger one', async (t) => {
  const folder = temporaryFolder(t);
  const log = new SeenLog().grow(...texts(9));
  const [one, two] = ['one.example/w', 'two.example/w'].map((name) =>
    noteSigner(name, generateKeyPairSync('ed25519').privateKey, signatureType.cosignature),
  ) as [NoteSigner, NoteSigner];
  const cosigned = new CosignedCheckpoint(folderFiles(folder), new KeptFolder(join(folder, 'witness')));
  const add = async (
    size: number,
    by: NoteSigner,
    timeS: number,
  ): Promise<readonly [number, readonly string[]]> => {
    const checkpoint = log.checkpoint(size);
    await cosigned.add(checkpoint, cosign(checkpoint.note.text, by, timeS));
    const there = parseCheckpoint(readFileSync(join(folder, 'witness/checkpoint')));
    return [there.size, there.note.signatures.map(({ name }) => name)];
  };
  t.deepEqual(await add(5, one, 1), [5, ['example.org/log', 'one.example/w']]);
  t.deepEqual(await add(4, two, 2), [5, ['example.org/log', 'one.example/w']]);
  t.deepEqual(await add(5, two, 3), [5, ['example.org/log', 'one.example/w', 'two.example/w']]);
  t.deepEqual(await add(5, one, 4), [5, ['example.org/log', 'two.example/w', 'one.example/w']]);
  t.deepEqual(await add(9, two, 5), [9, ['example.org/log', 'two.example/w']]);
  writeFileSync(join(folder, 'witness/checkpoint'), 'damaged');
  t.deepEqual(await add(9, one, 6), [9, ['example.org/log', 'one.example/w']]);
});
