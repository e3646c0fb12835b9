import type { AttestationUses } from '../../attestation/replay-memory.ts';
import type { Config } from '../../config/types.ts';
import type { DecisionDeps } from '../../decision/deps.ts';
import type { Assurance, DecisionPoint, MadeDecision, Recorder } from '../../decision/types.ts';
import type { Clock, EpochMs } from '../../lib/clock.ts';
import type { TrustedClock } from '../../lib/trusted-time.ts';
import type { ExpectedResponse } from './response.ts';
import type { CaseWords } from './words.ts';

/** Something wrong with a file of cases; line and column begin at 1. */
export interface CaseProblem {
  /** As it was given to `loadCases`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `cases[3].certificate.issuer`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** One file of cases, read; or what is wrong with it. */
export interface CaseFile {
  /** As it was given to `loadCases`. */
  readonly file: string;
  /** Absolute paths of all files that its cases were read from: fixtures, real material. */
  readonly reads: readonly string[];
  readonly cases: readonly LoadedCase[];
  readonly problems: readonly CaseProblem[];
}

/** One case, fixtures and matrix resolved: nothing in it refers to anything but files. */
export interface LoadedCase {
  /** Names the case among all: file, title, and the combination of a matrix; the same in every run. */
  readonly id: string;
  readonly file: string;
  /** Of its beginning in the file. */
  readonly line: number;
  readonly title: string;
  /** Of a matrix: axis → name of the value. */
  readonly combination: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly skip: string | undefined;
  /** The time of the decision. */
  readonly at: EpochMs;
  /** The time that offsets (`-1h`, `+90d`) count from: `at` of the file. */
  readonly from: EpochMs;
  /** Absolute folder that paths in `words` start from. */
  readonly folder: string;
  readonly words: CaseWords;
  readonly expect: Expectation;
}

/** A reason that is expected: its code, and where named its severity and values of its detail. */
export interface ExpectedReason {
  readonly code: string;
  readonly severity?: 'deny' | 'warn' | 'info';
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** What a case expects. Of what is absent nothing is expected. */
export interface Expectation {
  readonly outcome: 'allow' | 'deny';
  readonly enforced?: boolean;
  /** All reasons, in their order. */
  readonly reasons?: readonly ExpectedReason[];
  /** Reasons that are among those of the decision. */
  readonly contains?: readonly ExpectedReason[];
  /** Codes that are not among them. */
  readonly lacks?: readonly string[];
  readonly deviceId?: string | null;
  readonly assurance?: Assurance;
  readonly obligations?: {
    readonly entitlements?: readonly string[];
    readonly headers?: Readonly<Record<string, string>>;
    readonly sessionLimitS?: number | null;
    readonly response?: ExpectedResponse;
  };
  /** Null: a denial has none. */
  readonly validUntil?: EpochMs | null;
}

export type CaseStatus = 'passed' | 'failed' | 'skipped' | 'error';

/** What became of one case. It is plain data: it crosses from one thread to another. */
export interface CaseOutcome {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly title: string;
  readonly combination: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly status: CaseStatus;
  /** Of `skipped`. */
  readonly skipReason?: string;
  readonly expected: Expectation;
  /** What was decided; absent where the case was skipped, or nothing could be made of its words. */
  readonly got?: CaseResult;
  /** Of `failed`: each difference in words, in the order of the decision. Of `error`: what went wrong. */
  readonly problems: readonly string[];
  /** The same differences, to be shown side by side. */
  readonly differences: readonly CaseDifference[];
  /** Milliseconds, making what the case needs included. */
  readonly durationMs: number;
}

export interface CaseResult extends Pick<
  MadeDecision,
  'decision' | 'input' | 'verdict' | 'facts' | 'document'
> {
  /** What Rego saw at `data.portreeve.classes`. */
  readonly classes: Config['classes'];
}

/** One thing that was expected, and what came; either is JSON. */
export interface CaseDifference {
  /** `outcome`, `reasons`, `obligations.headers`, … */
  readonly what: string;
  readonly expected: unknown;
  readonly got: unknown;
}

/** What a composition of the program is to the cases. */
export interface CaseComposition {
  readonly point: DecisionPoint;
  readonly deps: DecisionDeps;
  readonly close: () => void;
}

/** The bytes of the files that a configuration names, by path. */
export interface CaseMaterial {
  readonly certificates: ReadonlyMap<string, Uint8Array>;
  readonly verifierKeys: ReadonlyMap<string, Uint8Array>;
  /** Why the composition itself loads none: cases bring the policy, loaded once for all of their worlds. */
  readonly bundle: { readonly code: 'PDP_BUNDLE_INVALID'; readonly message: string };
}

/** The program's composition root, handed in by the command line. */
export type Compose = (
  config: Config,
  options: {
    readonly recorder: Recorder;
    readonly clock: Clock;
    readonly trusted: () => TrustedClock;
    readonly mode: 'read_write';
    readonly material: CaseMaterial;
    readonly attestationUses: AttestationUses;
  },
) => Promise<CaseComposition>;

export interface RunOptions {
  /** Bytes of the bundle, as it would ship. */
  readonly bundle: Uint8Array;
  readonly compose: Compose;
  /** Measures durations; what time it is, cases say. */
  readonly clock: Clock;
  /** Where issued certificates are kept by their description; absent: they are not kept. */
  readonly cache?: string;
  /** Ends after the first case that fails. */
  readonly failFast?: boolean;
}
