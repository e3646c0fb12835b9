import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildContext } from '../../context/build.ts';
import { describeThrown } from '../../lib/errors.ts';
import { unquestioned } from '../../lib/trusted-time.ts';
import { composeDecision } from '../../server/compose.ts';
import { cliPep } from '../pep.ts';
import { patientTiming, recordNothing } from '../trial.ts';
import { fail, ok, type Finding, type Patient } from './finding.ts';

const check = 'policy';

/**
 * The bundle loads and evaluates: a connection without anything is decided on an empty state in a folder of its own.
 * It may be denied; it must not be a fault.
 */
export async function examinePolicy({ config, around }: Patient): Promise<readonly Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-doctor-'));
  const named = config.policy.bundle ?? 'the default policy';
  const advice =
    config.policy.bundle === null
      ? 'install the program again'
      : 'build the bundle again, or set policy.bundle to null';
  try {
    const scratch = { ...config, state: { path: join(folder, 'state.db') } };
    const composed = await composeDecision(scratch, {
      recorder: recordNothing,
      clock: around.clock,
      trusted: () => unquestioned(around.clock),
      mode: 'read_write',
    });
    try {
      const policyError = composed.policyError();
      if (policyError) return [fail(check, policyError.message, advice)];
      const context = buildContext({ door: 'native', pep: cliPep(config), authenticatedBy: 'none' }, config);
      const { decision } = await composed.point.decide(context, patientTiming(around.clock));
      const [fault] = decision.faults;
      if (fault) return [fail(check, `${named} does not evaluate: ${fault.code}: ${fault.message}`, advice)];
      return [ok(check, `${named} loads and evaluates (${decision.versions.bundle?.slice(0, 12)})`)];
    } finally {
      composed.close();
    }
  } catch (thrown) {
    return [fail(check, `${named}: ${describeThrown(thrown)}`, advice)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
