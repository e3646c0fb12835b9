import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildContext } from '../../context/build.ts';
import { formatInstant } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/duration.ts';
import { describeThrown } from '../../lib/errors.ts';
import { unquestioned } from '../../lib/trusted-time.ts';
import { bundleToRead, configuredBundle, type BundleFile } from '../../server/bundles/bundle-file.ts';
import { usesDefault } from '../../server/bundles/origin.ts';
import { tryBundle } from '../../server/bundles/trial.ts';
import { bundleStanding } from '../../server/bundles/view.ts';
import { composeDecision } from '../../server/compose.ts';
import { clockAgainstStore } from '../../server/time/known-time.ts';
import { readFiles } from '../../server/material.ts';
import { cliPep } from '../pep.ts';
import { patientTiming, recordNothing } from '../trial.ts';
import { withStore } from '../with-store.ts';
import { adviceAfter, fail, ok, warn, type Finding, type Patient } from './finding.ts';

const check = 'policy';

/**
 * The bundle that decides loads, passes its self-test and evaluates: a connection without anything is decided on an empty
 * state in a folder of its own. It may be denied; it must not be a fault. And it is neither pinned nor old.
 */
export async function examinePolicy(patient: Patient): Promise<readonly Finding[]> {
  const { config } = patient;
  const file = await bundleOf(patient);
  const named = nameOf(file, config.policy.bundle);
  const advice = usesDefault(config)
    ? 'install the program again'
    : 'build the bundle again, or go back to one that is kept: portreeve policy rollback';
  const findings = [...(await examineBundle(patient, file, named, advice))];
  return [...findings, ...(await examineStanding(patient, file))];
}

/** What a server on this state decides by; without a state, what it would begin with. */
async function bundleOf({ config, around }: Patient): Promise<BundleFile> {
  try {
    return await withStore(config, 'read_only', around.clock, (store) => bundleToRead(config, store));
  } catch {
    // What is wrong with the store is the store's own finding.
    return configuredBundle(config);
  }
}

function nameOf(file: BundleFile, bundle: string | null): string {
  if (!('bytes' in file)) return bundle ?? 'the policy';
  const { source, location, pinned } = file.origin;
  if (location === null) return 'the default policy';
  return `${location}${source === 'bundle' ? '' : ` (source ${source})`}${pinned ? ', pinned' : ''}`;
}

async function examineBundle(
  patient: Patient,
  bundle: BundleFile,
  named: string,
  advice: string,
): Promise<readonly Finding[]> {
  const { config, around } = patient;
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-doctor-'));
  try {
    if ('bytes' in bundle && bundle.origin.location !== null)
      await tryBundle({ config, bytes: bundle.bytes, log: () => undefined });
    const scratch = { ...config, state: { path: join(folder, 'state.db') } };
    const composed = await composeDecision(scratch, {
      recorder: recordNothing,
      clock: around.clock,
      trusted: () => unquestioned(around.clock),
      mode: 'read_write',
      material: { ...readFiles(config), bundle },
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
    return [fail(check, `${named}: ${describeThrown(thrown)}`, adviceAfter(thrown, patient, advice))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An operator's pin is easily forgotten, and an old policy is one that nobody has looked after. */
async function examineStanding({ config, around }: Patient, file: BundleFile): Promise<readonly Finding[]> {
  if (!('bytes' in file)) return [];
  const bundle = { origin: file.origin };
  try {
    return await withStore(config, 'read_only', around.clock, (store) => {
      const now = clockAgainstStore(store, around.clock, config.time).now();
      const { pin, confirmedAt, freshness } = bundleStanding(
        { bundle, config },
        { store, refused: null, now },
      );
      const pinned =
        pin &&
        `${pin.digest.slice(0, 12)} is pinned since ${formatInstant(pin.at)} by ${pin.actor}: ${pin.why}`;
      const age = confirmedAt === null ? 'never' : `${formatDuration(now - confirmedAt)} ago`;
      const old = `its source ${file.origin.source} last said ${age} that it is the newest`;
      const advice = 'see portreeve policy list for what keeps the source from being read';
      return [
        ...(pinned === null ? [] : [warn(check, pinned, 'portreeve policy unpin, once the cause is mended')]),
        ...(freshness === 'stale' ? [fail(check, `${old}: every decision is denied`, advice)] : []),
        ...(freshness === 'within_grace' ? [warn(check, `${old}: it decides by policy.grace`, advice)] : []),
      ];
    });
  } catch {
    // Of a store that is missing the store's own check tells.
    return [];
  }
}
