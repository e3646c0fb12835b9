import { formatDuration } from '../../lib/duration.ts';
import { describeThrown } from '../../lib/errors.ts';
import { loadAuthorities } from '../../server/loaded.ts';
import { configuredResponders, ocspStates, type OcspState } from '../ocsp/states.ts';
import { withStore } from '../with-store.ts';
import { adviceAfter, fail, ok, warn, type Finding, type Patient } from './finding.ts';

const check = 'ocsp';

/** Every configured responder gives answers that can be used. */
export async function examineOcsp(patient: Patient): Promise<readonly Finding[]> {
  const { config, around } = patient;
  if (config.revocation.ocsp.responders.length === 0) return [];
  try {
    const responders = configuredResponders(config, loadAuthorities(config));
    const states = await withStore(config, 'read_only', around.clock, (store) =>
      store.snapshot(() => ocspStates(responders, store, around.clock.now())),
    );
    return states.map(judge);
  } catch (thrown) {
    const advice = 'start the server once, so that it asks its responders';
    return [fail(check, describeThrown(thrown), adviceAfter(thrown, patient, advice))];
  }
}

function judge({
  issuer,
  responder,
  state,
  error,
  failures,
  unanswered,
  oldest_age_s: age,
}: OcspState): Finding {
  const told = `responder of ${issuer} (${responder})`;
  if (error) {
    return fail(
      check,
      `${told}: ${failures} failed: ${error.message}`,
      `try \`portreeve ocsp fetch\` with a certificate of ${issuer}; the server goes on trying, and SIGHUP makes it try at once`,
    );
  }
  if (state === 'unused') return ok(check, `${told}: nobody has asked about a certificate yet`);
  const oldest = age === null ? '' : `, the oldest answer in use ${formatDuration(age * 1000)} old`;
  if (unanswered === 0) return ok(check, `${told}: answers${oldest}`);
  return warn(
    check,
    `${told}: ${unanswered} certificates without an answer${oldest}`,
    'raise `rate_per_second` where more certificates come than may be asked about',
  );
}
