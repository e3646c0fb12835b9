import type { ExaminedToken } from '../attestation/examine.ts';
import type { ContextResult, RequestDocument } from '../context/types.ts';
import type { Finding } from '../lib/reason-code.ts';
import { newestInputVersion } from '../policy/input-versions.ts';
import type { PolicyEngine, PolicyInput, Verdict } from '../policy/types.ts';
import { conclude } from './conclude.ts';
import type { Call, DecisionDeps } from './deps.ts';
import { gatherFacts } from './facts.ts';
import type { Gathered } from './facts.ts';
import { examineAttestation } from './facts-attestation.ts';
import { attempt, attemptAsync } from './fault.ts';
import type { Attempt } from './fault.ts';
import { writeInput } from './input-versions.ts';
import { credentialOptional } from './credential-optional.ts';
import { recordDocument } from './recorded-document.ts';
import { createStopwatch } from './stopwatch.ts';
import type { Fault, MadeDecision } from './types.ts';
import { versionsOf } from './versions.ts';

/** How far the flow came: what it made, or the fault that stopped it. */
interface Progress {
  readonly gathered?: Gathered;
  readonly input?: PolicyInput;
  readonly verdict?: Verdict;
  readonly fault?: Fault;
  readonly findings?: readonly Finding[];
}

/**
 * The whole flow: context, facts, input, policy, conclusion. Synchronous but for verifying an attestation token. Whatever
 * goes wrong on the way is a fault of the decision and denies; only an error in the conclusion itself is thrown.
 */
export async function decideOnce(call: Call, deps: DecisionDeps): Promise<MadeDecision> {
  const watch = createStopwatch(deps.clock);
  const policy = attempt('policy', () => deps.policy());
  const token = presentsToken(call) ? await examine(call, deps) : noToken;
  const engine = policy.ok ? policy.value : undefined;
  const gathered = gather(call, { token, engine }, deps);
  watch.stage('facts');
  call.mark('facts');
  const decisionId = deps.newId();
  const judged = evaluate({ ...gathered, decisionId }, policy, call, deps);
  watch.stage('policy');
  call.mark('policy');
  const made = concludeCall(call, deps, judged, engine, decisionId);
  watch.stage('conclude');
  call.mark('conclude');
  return { ...made, timings: watch.read() };
}

/** The id that RFC 9562 section 5.9 keeps for nothing: a denial for want of an id is still an answer. */
const nilId = '00000000-0000-0000-0000-000000000000';

/** A denial of a call that stopped at a fault, before or instead of the flow. Never throws for want of an id. */
export function denyForFault(call: Call, deps: DecisionDeps, fault: Fault): MadeDecision {
  const policy = attempt('policy', () => deps.policy());
  const id = attempt('conclude', () => deps.newId());
  return concludeCall(call, deps, { fault }, policy.ok ? policy.value : undefined, id.ok ? id.value : nilId);
}

type Token = Attempt<ExaminedToken | undefined>;

const noToken: Token = { ok: true, value: undefined };

function presentsToken({ built }: Call): boolean {
  return built.ok && built.context.claims.attestation !== undefined;
}

async function examine({ built, now }: Call, deps: DecisionDeps): Promise<Token> {
  return built.ok ? attemptAsync('facts', () => examineAttestation(built.context, now, deps)) : noToken;
}

/** The version of the input that the bundle in force was written for; without one, the newest is what is recorded. */
function wantedVersion(engine: PolicyEngine | undefined): number {
  return engine?.bundle.inputVersion ?? newestInputVersion;
}

function gather(
  call: Call,
  { token, engine }: { readonly token: Token; readonly engine: PolicyEngine | undefined },
  deps: DecisionDeps,
): Progress {
  if (!call.built.ok) return invalidInput(call.built);
  if (!token.ok) return { fault: token.fault };
  const { context } = call.built;
  const gathered = attempt('facts', () => gatherFacts(context, token.value, { ...call, engine }, deps));
  if (!gathered.ok) return { fault: gathered.fault };
  const settings = {
    credentialOptional: credentialOptional(deps.config),
    classes: deps.config.classes,
  };
  const input = attempt('facts', () => writeInput(wantedVersion(engine), gathered.value.facts, settings));
  if (!input.ok) return { gathered: gathered.value, fault: input.fault };
  return { gathered: gathered.value, input: input.value };
}

function invalidInput(refused: Extract<ContextResult, { ok: false }>): Progress {
  const { field, problem } = refused;
  const code = refused.code ?? 'system.input_invalid';
  return {
    fault: { code, stage: 'context', message: `${field}: ${problem}` },
    findings: [{ code, detail: { field, problem } }],
  };
}

/** Evaluation cannot be interrupted: it is not begun too late, and an answer that comes too late does not count. */
function evaluate(
  { decisionId, ...progress }: Progress & { readonly decisionId: string },
  policy: Attempt<PolicyEngine | undefined>,
  call: Call,
  deps: DecisionDeps,
): Progress {
  const { input } = progress;
  if (progress.fault || !input) return progress;
  if (!policy.ok) return { ...progress, fault: policy.fault };
  const engine = policy.value;
  if (!engine) return { ...progress, fault: noPolicy(deps) };
  if (call.late()) {
    return {
      ...progress,
      fault: fault('system.overload_shed', 'the deadline passed before the policy was asked'),
    };
  }
  const asked = deps.clock.monotonic();
  const moment = { now: call.now, decisionId };
  const verdict = attempt('policy', () => engine.evaluate(input, moment, documentOf(call)));
  if (call.late()) {
    const took = Math.round(deps.clock.monotonic() - asked);
    return {
      ...progress,
      fault: fault('policy.timeout', `the policy answered after the deadline, in ${took} ms`),
    };
  }
  return verdict.ok ? { ...progress, verdict: verdict.value } : { ...progress, fault: verdict.fault };
}

/** What a policy that was written for another program sees of the request. */
function documentOf({ built }: Call): RequestDocument | undefined {
  return built.ok ? built.context.document : undefined;
}

/** A signature that does not hold is told from all else that leaves a server without a policy. */
function noPolicy(deps: DecisionDeps): Fault {
  const refused = deps.policyError?.()?.code.startsWith('PDP_BUNDLE_SIGNATURE_') === true;
  return fault(refused ? 'policy.bundle_signature_invalid' : 'policy.bundle_missing', 'no policy is loaded');
}

function fault(code: Fault['code'], message: string): Fault {
  return { code, stage: 'policy', message };
}

function concludeCall(
  call: Call,
  deps: DecisionDeps,
  progress: Progress,
  engine: PolicyEngine | undefined,
  decisionId: string,
): MadeDecision {
  const { built, now } = call;
  const pep = built.ok ? built.context.pep : built.pep;
  const facts = progress.gathered?.facts ?? null;
  const document = progress.input && documentOf(call);
  const verdict = progress.verdict ?? null;
  const decision = conclude(
    {
      decisionId,
      tenant: built.ok ? built.context.tenant : pep.tenant,
      now,
      pep,
      facts,
      verdict,
      faults: progress.fault ? [progress.fault] : [],
      findings: progress.findings ?? [],
      versions: versionsOf(deps, engine, progress.gathered?.state),
    },
    deps.config,
  );
  return {
    decision,
    facts,
    input: progress.input ?? null,
    verdict,
    ...(document && { document: recordDocument(document, deps.config.compat.record_bytes) }),
    pep,
    door: built.ok ? built.context.door : built.door,
    connection_id: (built.ok ? built.context.connectionId : built.connectionId) ?? null,
    request_id: (built.ok ? built.context.requestId : built.requestId) ?? null,
    trace: call.trace,
    timings: { facts: 0, policy: 0, conclude: 0, total: 0 },
  };
}
