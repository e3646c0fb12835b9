import type { EpochMs } from '../lib/clock.ts';
import { checkAttestation } from './check/attestation.ts';
import { checkAudit } from './check/audit.ts';
import { checkClasses, checkRetryAfter } from './check/classes.ts';
import { checkEnforcement } from './check/enforcement.ts';
import { checkFiles } from './check/files.ts';
import { checkInventory } from './check/inventory.ts';
import { checkListeners } from './check/listeners.ts';
import { checkOutsiders } from './check/outsiders.ts';
import { checkSinks } from './check/sinks.ts';
import { checkPolicy } from './check/policy.ts';
import { checkPeps } from './check/peps.ts';
import { Report } from './check/report.ts';
import { checkCrlSources } from './check/sources.ts';
import { checkCompat } from './check/compat.ts';
import { checkCoverage } from './check/coverage.ts';
import { checkOcsp } from './check/ocsp.ts';
import { checkTrust } from './check/trust.ts';
import { checkOverload } from './check/overload.ts';
import { Place } from './place.ts';

/**
 * What the schema cannot say: references, combinations, times and files. Works on a configuration that the schema
 * has refused too, so that everything is told at once. `folder` is where relative paths begin.
 */
export function checkMeaning(value: unknown, folder: string, now: EpochMs): Report {
  const root = new Place(value);
  const report = new Report();
  checkListeners(root, report);
  checkPeps(root, report);
  checkTrust(root, report);
  checkCoverage(root, report);
  checkOcsp(root, report);
  checkClasses(root, report);
  checkAttestation(root, report);
  checkRetryAfter(root, report);
  checkOverload(root, report);
  checkEnforcement(root, report, now);
  checkCrlSources(root, report);
  checkInventory(root, report);
  checkPolicy(root, report, now);
  checkCompat(root, report);
  checkAudit(root, report);
  checkOutsiders(root, report);
  checkSinks(root, report);
  checkFiles(root, report, folder);
  return report;
}
