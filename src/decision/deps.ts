import type { Attestation } from '../attestation/attestation.ts';
import type { ContextResult } from '../context/types.ts';
import type { Config } from '../config/types.ts';
import type { IdentityResolver, TrustSet } from '../identity/types.ts';
import type { FirmwareReader } from '../inventory/firmware/types.ts';
import type { DelegationReader } from '../inventory/gateways/types.ts';
import type { ObservedReader } from '../inventory/observed/types.ts';
import type { SourceAges } from '../inventory/source-ages.ts';
import type { InventoryReader } from '../inventory/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { ClockStanding, TrustedClock } from '../lib/trusted-time.ts';
import type { PortreeveError } from '../lib/errors.ts';
import type { PolicyEngine } from '../policy/types.ts';
import type { HoldReader } from '../revocation/holds/types.ts';
import type { OcspKnowledge } from '../revocation/ocsp/knowledge.ts';
import type { RevocationReader } from '../revocation/types.ts';
import type { Store } from '../store/types.ts';
import type { CallTiming, MadeDecision, Recorder } from './types.ts';

/** Everything that deciding needs, put together in one place by the server, the command line or a test. */
export interface DecisionDeps {
  readonly clock: TrustedClock;
  readonly config: Config;
  /** Name and version of this program: `versions.program`. */
  readonly program: string;
  readonly trust: TrustSet;
  readonly identity: IdentityResolver;
  readonly store: Store;
  readonly revocation: RevocationReader;
  /** Responders, and what they have answered. */
  readonly ocsp: OcspKnowledge;
  readonly inventory: InventoryReader;
  readonly firmware: FirmwareReader;
  readonly delegations: DelegationReader;
  /** When the inventory's sources were last read. */
  readonly sourceAges: SourceAges;
  readonly holds: HoldReader;
  /** What earlier decisions have learnt. */
  readonly observed: ObservedReader;
  /** Verifiers' keys, what was verified with them, and whose results were used. */
  readonly attestation: Attestation;
  /** The policy in force; undefined while none is loaded. Asked once a decision. */
  policy(): PolicyEngine | undefined;
  /** Where a policy comes from that was in force at some time; undefined where nobody said. */
  policyOrigin?(engine: PolicyEngine): PolicyOrigin | undefined;
  /** Why no policy is loaded. */
  policyError?(): PortreeveError | undefined;
  readonly recorder: Recorder;
  /** SHA-256 (hex) of what decisions depend on beside the bundle and the state. */
  readonly digests: {
    readonly configuration: string;
    readonly anchors: string;
    readonly classes: string;
    readonly catalogue: string;
  };
  /** A new decision's id: UUIDv7. */
  newId(): string;
}

/** Where a bundle comes from, as far as its age depends on it. */
export interface PolicyOrigin {
  readonly source: string;
  /** Null for the policy that ships, which does not age. */
  readonly location: string | null;
  /** Put in force by an operator, whatever sources say since. */
  readonly pinned: boolean;
}

/** One call on its way through the wrappers to `decideOnce`. */
export interface Call {
  readonly built: ContextResult;
  readonly timing: CallTiming;
  /** The decision's own time, read once. */
  readonly now: EpochMs;
  /** What speaks against the machine's clock; `now` is then the kept time. */
  readonly standing: ClockStanding | null;
  /** Whether the answer is of no more use. */
  late(): boolean;
  /** Marks the end of a stage on the decision's span. */
  mark(stage: string): void;
  readonly trace: MadeDecision['trace'];
}

/** The flow, and each wrapper around it. */
export type Step = (call: Call) => Promise<MadeDecision>;
