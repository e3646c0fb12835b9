import { formatDuration } from '../../lib/duration.ts';
import { describeThrown } from '../../lib/errors.ts';
import { createRevocationReader } from '../../revocation/reader.ts';
import { loadAuthorities } from '../../server/loaded.ts';
import { crlStates, type CrlState } from '../crl/states.ts';
import { withStore } from '../with-store.ts';
import { fail, ok, warn, type Finding, type Patient } from './finding.ts';

const check = 'CRLs';

/** A fresh CRL of every CA below an anchor that requires one. */
export async function examineCrls({ config, around }: Patient): Promise<readonly Finding[]> {
  try {
    const crls = await withStore(config, 'read_only', around.clock, (store) =>
      createRevocationReader(store).crls(),
    );
    return crlStates(loadAuthorities(config), crls, around.clock.now()).map(judge);
  } catch (thrown) {
    return [
      fail(check, describeThrown(thrown), 'import the CRL of each CA with `portreeve crl import FILE`'),
    ];
  }
}

function judge(crl: CrlState): Finding {
  const name = crl.authority ?? crl.issuer;
  const age =
    crl.age_s === null ? '' : `, ${formatDuration(crl.age_s * 1000)} old, next at ${crl.next_update}`;
  const message = `${name}: ${crl.state.replace('_', ' ')}${age}`;
  if (!crl.required) return ok(check, `${message} (not required)`);
  if (crl.state === 'fresh') return ok(check, message);
  const advice = `get the current CRL of ${name} and run \`portreeve crl import FILE\`, or put its folder under revocation.crls`;
  return crl.state === 'within_grace' ? warn(check, message, advice) : fail(check, message, advice);
}
