import test from 'ava';
import { openPlace } from '../../../../src/audit/verify/place.ts';
import { verifyLog } from '../../../../src/audit/verify/verify-log.ts';
import { checkpointOf, writeLog } from '../../../helpers/made-log.ts';
import { honestLog, nextVerifier, saidOf, tamperMatrix } from '../../../helpers/tamper-matrix.ts';

for (const { title, cheat, says, remarks, held, key } of tamperMatrix) {
  test(`${title}: ${says[0] ?? 'nothing is wrong'}`, async (t) => {
    const honest = honestLog();
    const { verifier } = honest.signer;
    const heldBytes = held === undefined ? {} : { held: checkpointOf(honest.entries, held, [honest.signer]) };
    const folder = writeLog(t, cheat(honest));
    const { report } = await verifyLog(await openPlace(folder, { folder }), {
      keys: key === 'none' ? [] : [key === 'next' ? nextVerifier : verifier],
      ...heldBytes,
    });
    t.deepEqual(saidOf(report.findings, verifier.text), says);
    t.deepEqual(saidOf(report.remarks, verifier.text), remarks ?? []);
    t.is(report.verdict, says.length === 0 ? 'verified' : 'failed');
  });
}
