import { formatDuration } from '../../lib/duration.ts';
import { describeThrown } from '../../lib/errors.ts';
import { expectedPoints } from '../../revocation/coverage.ts';
import { createRevocationReader } from '../../revocation/reader.ts';
import { loadAuthorities, namedAuthorities } from '../../server/loaded.ts';
import { crlStates, type CrlState } from '../crl/states.ts';
import { withStore } from '../with-store.ts';
import { adviceAfter, fail, ok, warn, type Finding, type Patient } from './finding.ts';

const check = 'CRLs';

/** A fresh CRL of every CA below an anchor that requires one. */
export async function examineCrls(patient: Patient): Promise<readonly Finding[]> {
  const { config, around } = patient;
  try {
    const crls = await withStore(config, 'read_only', around.clock, (store) =>
      createRevocationReader(store).crls(),
    );
    const authorities = loadAuthorities(config);
    const expected = expectedPoints(config.revocation.coverage, namedAuthorities(authorities));
    return crlStates(authorities, crls, around.clock.now(), expected).map(judge);
  } catch (thrown) {
    const advice = 'import the CRL of each CA with `portreeve crl import FILE`';
    return [fail(check, describeThrown(thrown), adviceAfter(thrown, patient, advice))];
  }
}

function judge(crl: CrlState): Finding {
  const part = crl.points[0] ?? crl.scope;
  const name = `${crl.authority ?? crl.issuer}${part === '' ? '' : ` ${part}`}`;
  const age =
    crl.age_s === null ? '' : `, ${formatDuration(crl.age_s * 1000)} old, next at ${crl.next_update}`;
  const message = `${name}: ${crl.state.replace('_', ' ')}${age}`;
  if (!crl.required) return ok(check, `${message} (not required)`);
  if (crl.state === 'fresh') return ok(check, message);
  const advice = `get the current CRL of ${name} and run \`portreeve crl import FILE\`, or put its folder under revocation.crls`;
  return crl.state === 'within_grace' ? warn(check, message, advice) : fail(check, message, advice);
}
