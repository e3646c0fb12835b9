import type { Config } from '../config/types.ts';
import { sha256Hex } from '../lib/bytes.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { parseInstant } from '../lib/clock.ts';
import { isReasonCode } from '../lib/reason-code.ts';
import type { ReasonCode } from '../lib/reason-code.ts';
import { isInputVersion } from '../policy/input-versions.ts';
import type { PolicyEngine, PolicyInput, Verdict } from '../policy/types.ts';
import { expectedPoints } from '../revocation/coverage.ts';
import { askAgain } from './ask-again.ts';
import { conclude } from './conclude.ts';
import type { Material } from './conclude.ts';
import { differencesOf } from './differences.ts';
import { credentialOptional } from './credential-optional.ts';
import type { Difference } from './differences.ts';
import type { Attempt } from './fault.ts';
import { writeInput } from './input-versions.ts';
import { catalogueDigest } from './reasons.ts';
import { recordedDocument } from './recorded-document.ts';
import { sharedUseDifferences } from './replay-shared-use.ts';
import { missingCrls, stateDifferences } from './replay-state.ts';
import type { KeptState } from './replay-state.ts';
import type { Decision, Fault, MadeDecision, Versions } from './types.ts';
import { unrecordedDecision } from './unrecorded.ts';

/** The part of a decision's record that concluding again needs. */
export type ReplayableRecord = Decision &
  Pick<MadeDecision, 'facts' | 'input' | 'verdict' | 'document' | 'pep'>;

/** The part of the configuration that a decision says something of. */
export type ReplaySettings = Pick<Config, 'enforcement' | 'audit' | 'site' | 'classes'> & {
  readonly trust: Pick<Config['trust'], 'credential_optional'>;
  /** These are absent in what older programs kept. */
  readonly policy?: Partial<Pick<Config['policy'], 'compat'>>;
  readonly compat?: Pick<Config['compat'], 'credential_optional'>;
  readonly revocation?: Partial<Pick<Config['revocation'], 'coverage'>>;
  readonly shared_use?: Config['shared_use'];
};

/** What was kept under the digests of `versions`; undefined where it was not. */
export interface Kept {
  readonly engine: PolicyEngine | undefined;
  /** The configuration that `versions.configuration` names. */
  readonly settings: ReplaySettings | undefined;
  /** The anchors that `versions.anchors` names. */
  readonly trust: KeptState['trust'] | undefined;
  readonly crl: KeptState['crl'];
  /** Name and version of the program that concludes again. */
  readonly program: string;
}

export interface Replay {
  /** The same decision came out, from all that it was made from. */
  readonly same: boolean;
  readonly differences: readonly Difference[];
  /** What is not there any more, so that nothing could be concluded. */
  readonly missing: readonly string[];
  /** What the record says that nothing kept can show: members of `versions`. */
  readonly notShown: readonly string[];
  /** What came out; null where something is missing. */
  readonly decision: Decision | null;
}

/** Faults that came from outside the decision and cannot come about again by deciding again. */
const circumstances: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'policy.bundle_missing',
  'policy.bundle_signature_invalid',
  'policy.timeout',
  'system.audit_unavailable',
  'system.dependency_stale',
  'system.input_invalid',
  'system.internal',
  'system.overload_shed',
]);

/**
 * Concludes a recorded decision again: makes the policy's input from the recorded facts, asks the kept policy, and
 * concludes with the kept configuration; the facts themselves are held against the kept anchors and CRLs. Faults that
 * were circumstances of the time (a deadline, an unreadable store) are taken from the record. Everything but the id is
 * compared; what nothing kept can show is named in `notShown`.
 */
export function concludeAgain(record: ReplayableRecord, kept: Kept): Replay {
  const missing = whatIsMissing(record, kept);
  const notShown = whatIsNotShown(record, kept);
  const { settings, trust, crl } = kept;
  if (missing.length > 0 || !settings || !trust) {
    return { same: false, differences: [], missing, notShown, decision: null };
  }
  const input = inputAgain(record, settings);
  const verdict = verdictAgain(record, kept.engine);
  const material: Material = {
    decisionId: record.decision_id,
    tenant: record.facts?.tenant ?? record.tenant,
    now: record.facts?.now ?? (parseInstant(record.time) as number),
    pep: record.facts?.pep ?? record.pep,
    facts: record.facts,
    verdict: verdict?.ok ? verdict.value : null,
    faults: [...circumstantial(record), ...(verdict && !verdict.ok ? [verdict.fault] : [])],
    findings: detailsOfFaults(record),
    versions: record.versions,
  };
  const concluded = conclude(material, settings);
  // What is recorded of a decision whose record came too late is what was answered in its place.
  const unrecorded = record.faults.find(({ stage }) => stage === 'record');
  const decision = unrecorded ? unrecordedDecision(concluded, unrecorded, material, settings) : concluded;
  const differences = [
    ...stateDifferences(record.facts, record.versions, { trust, crl, expected: expectedOf(settings, trust) }),
    ...sharedUseDifferences(record.facts, settings.shared_use),
    ...settingsDifferences(record.versions, settings),
    ...differencesOf('input', record.input, input),
    ...differencesOf('verdict', record.verdict, material.verdict),
    ...differencesOf('', comparable(recordedDecision(record)), comparable(decision)),
  ];
  return { same: differences.length === 0, differences, missing, notShown, decision };
}

function expectedOf({ revocation }: ReplaySettings, trust: KeptState['trust']): KeptState['expected'] {
  return expectedPoints(revocation?.coverage ?? [], [...trust.anchors, ...trust.intermediates]);
}

function whatIsMissing(record: ReplayableRecord, { engine, settings, trust, crl }: Kept): readonly string[] {
  const { versions } = record;
  const missing: string[] = [];
  if (asksPolicy(record) && engine?.bundle.digest !== versions.bundle)
    missing.push(`bundle ${versions.bundle}`);
  if (asksPolicy(record) && record.document && !recordedDocument(record.document)) {
    const { cut } = record.document;
    missing.push(`the policy's document, ${cut.length > 0 ? `cut: ${cut.join(', ')}` : 'of another digest'}`);
  }
  if (!settings) missing.push(`configuration ${versions.configuration}`);
  if (!trust) missing.push(`anchors ${versions.anchors}`);
  missing.push(...missingCrls(versions, crl));
  if (!isInputVersion(versions.input_version))
    missing.push(`policy input of version ${versions.input_version}`);
  if (versions.catalogue !== catalogueDigest)
    missing.push(`catalogue ${versions.catalogue} (${versions.program})`);
  return missing;
}

/** Epochs count changes of a state that is gone, and an installation's name is written nowhere else. */
function whatIsNotShown({ facts, versions }: ReplayableRecord, { program }: Kept): readonly string[] {
  return [
    ...(versions.program === program ? [] : ['program']),
    'instance',
    ...(facts === null ? [] : ['epochs']),
  ];
}

/** What the configuration says beside the versions that name it. */
function settingsDifferences(versions: Versions, { site, classes }: ReplaySettings): readonly Difference[] {
  return differencesOf(
    'versions',
    { classes: versions.classes, site: versions.site },
    { classes: sha256Hex(canonicalJson(classes)), site },
  );
}

/** The policy was asked, and its answer counted. */
function asksPolicy(record: ReplayableRecord): boolean {
  return record.input !== null && circumstantial(record).every((fault) => fault.stage !== 'policy');
}

function circumstantial(record: ReplayableRecord): readonly Fault[] {
  // A conclusion that failed on the policy's term fails again by itself.
  return record.faults.filter(
    ({ code, stage }) =>
      circumstances.has(code) && stage !== 'record' && !(stage === 'conclude' && record.verdict !== null),
  );
}

function inputAgain(
  { facts, input, versions }: ReplayableRecord,
  settings: ReplaySettings,
): PolicyInput | null {
  if (facts === null || input === null) return null;
  const asked = { credentialOptional: credentialOptional(settings), classes: settings.classes };
  return writeInput(versions.input_version, facts, asked);
}

function verdictAgain(
  record: ReplayableRecord,
  engine: PolicyEngine | undefined,
): Attempt<Verdict> | undefined {
  const { input, facts } = record;
  if (!asksPolicy(record) || input === null || facts === null || !engine) return undefined;
  return askAgain(engine, { ...record, input, facts });
}

/** Details that a fault brought with it (which field of the request was invalid) are only in its reason. */
function detailsOfFaults(record: ReplayableRecord) {
  const codes = new Set(circumstantial(record).map((fault) => fault.code));
  return record.reasons.flatMap(({ code, detail }) =>
    detail && isReasonCode(code) && codes.has(code) ? [{ code, detail }] : [],
  );
}

function recordedDecision(record: ReplayableRecord): Decision {
  const { decision_id, tenant, time, outcome, enforced, reasons, device_id, assurance } = record;
  const { obligations, valid_until, versions, faults } = record;
  return {
    ...{ decision_id, tenant, time, outcome, enforced, reasons, device_id, assurance },
    ...{ obligations, valid_until, versions, faults },
  };
}

/** A fault's message is a program's word about the moment; which fault it was is compared. */
function comparable(decision: Decision): object {
  return { ...decision, faults: decision.faults.map(({ code, stage }) => ({ code, stage })) };
}
