import test from 'ava';
import { proveConsistency } from '../../../../src/audit/tlog/prove.ts';
import {
  parseAddCheckpoint,
  readConflict,
  readCosignatures,
  writeAddCheckpoint,
} from '../../../../src/audit/witness/add-checkpoint.ts';
import { SeenLog, texts } from '../../../helpers/seen-log.ts';
import { smallWitness } from '../../../helpers/small-witness.ts';
import type { SmallWitness, WitnessAnswer } from '../../../helpers/small-witness.ts';

/** The example of C2SP tlog-witness. */
const example = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`;

test("the protocol's own example is read, and written again byte for byte", (t) => {
  const request = parseAddCheckpoint(Buffer.from(example));
  t.is(request.old, 20_852_014);
  t.is(request.proof.length, 4);
  t.is(request.checkpoint.size, 20_852_163);
  const { old, proof, checkpoint } = request;
  t.is(Buffer.from(writeAddCheckpoint({ old, proof, checkpoint: checkpoint.bytes })).toString(), example);
});

test('a request that is not exactly what the protocol says is refused', (t) => {
  const hash = 'PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n';
  for (const wrong of [
    '',
    example.replace('old ', 'old  '),
    example.replace('old 2', 'old 02'),
    example.replace('old 20852014', 'old 99999999999999999'),
    example.replace('PlRN', 'PlR'),
    example.replace(hash, hash.repeat(61)),
    example.replace('20852163\n', '\n'),
    example.slice(0, -1),
  ]) {
    t.throws(() => parseAddCheckpoint(Buffer.from(wrong)), { code: 'PDP_INPUT_MALFORMED' });
  }
  t.notThrows(() => parseAddCheckpoint(Buffer.from(example.replace(hash, hash.repeat(60)))));
});

async function submit(
  witness: SmallWitness,
  log: SeenLog,
  old: number,
  size?: number,
): Promise<WitnessAnswer> {
  const checkpoint = log.checkpoint(size);
  const proof = old <= checkpoint.size ? await proveConsistency(log.files, old, checkpoint.size) : [];
  return witness.addCheckpoint(writeAddCheckpoint({ old, proof, checkpoint: checkpoint.bytes }));
}

test('the witness cosigns what continues what it saw, and refuses forks, rollbacks and strangers', async (t) => {
  const log = new SeenLog().grow(...texts(300));
  const witness = smallWitness('witness.example/w', [log.verifier]);
  const cosigned = await submit(witness, log, 0, 200);
  t.is(cosigned.status, 200);
  const { cosignature } = readCosignatures(Buffer.from(cosigned.body), log.checkpoint(200), witness.verifier);
  t.true(Math.abs(cosignature.timeS * 1000 - Date.now()) < 60_000);
  t.is((await submit(witness, log, 200, 300)).status, 200);
  t.is((await submit(witness, log, 300, 300)).status, 200);

  // A rollback, and one who does not know what was cosigned.
  t.deepEqual(await submit(witness, log, 0, 250), { status: 409, body: '300\n' });
  t.is((await submit(witness, log, 300, 250)).status, 400);
  // A fork of the same and of a larger size.
  const fork = new SeenLog('', log.signer).grow(...texts(301, 'fork'));
  t.is((await submit(witness, fork, 300, 300)).status, 409);
  t.is((await submit(witness, fork, 300, 301)).status, 422);
  // Another log, and the name of a log under another key.
  t.is((await submit(witness, new SeenLog('other.example').grow('a'), 0)).status, 404);
  t.is((await submit(witness, new SeenLog().grow('a'), 0)).status, 403);
  t.is(witness.seen.get('example.org/log')?.size, 300);
});

test("answers count only with the witness's own right cosignature of this checkpoint", async (t) => {
  const log = new SeenLog().grow(...texts(9));
  const witness = smallWitness('witness.example/w', [log.verifier]);
  const other = smallWitness('witness.example/w', [log.verifier]);
  const { body } = await submit(witness, log, 0, 8);
  const stranger = (await submit(other, log, 0, 8)).body;
  const read = (text: string, size = 8): number =>
    readCosignatures(Buffer.from(text), log.checkpoint(size), witness.verifier).signature.signature
      .byteLength;
  t.is(read(`${stranger}${body}`), 72);
  t.throws(() => read(stranger), { code: 'PDP_KEYS_INVALID' });
  t.throws(() => read(body, 9), { code: 'PDP_KEYS_INVALID' });
  for (const wrong of ['', '\n', body.slice(0, -1), `${body}x\n`, body.repeat(101)])
    t.throws(() => read(wrong), { code: 'PDP_INPUT_MALFORMED' });
  t.is(readConflict(Buffer.from('0\n')), 0);
  for (const wrong of ['', '1', '01\n', '-1\n', '1\n\n', '<html>'])
    t.throws(() => readConflict(Buffer.from(wrong)), { code: 'PDP_INPUT_MALFORMED' });
});
