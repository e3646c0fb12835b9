import type { Budget } from '../lib/budget.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Certificate } from './types.ts';
import type { SignatureVerdict } from './verify-signature.ts';

/** The inputs of RFC 5280 section 6.1.1 beside the path itself, and what else is asked of it. */
export interface PathInputs {
  /** The time that every certificate must be valid at; absent for everything about the path but its time. */
  readonly at?: EpochMs;
  /** The verdict on a certificate's signature by the key above it. */
  readonly verdict: (certificate: Certificate, issuer: Certificate) => SignatureVerdict | undefined;
  /** Purposes (OIDs) that the leaf and every CA that states any must permit. */
  readonly purposes: readonly string[];
  /** Most certificates between leaf and anchor; absent = as many as a path may have. */
  readonly maxIntermediates?: number;
  /** Whether lint findings deny. */
  readonly strict: boolean;
  /** SHA-1 signatures are accepted. */
  readonly allowSha1: boolean;
  /** RSA keys from 1024 bits are accepted. */
  readonly allowSmallKeys: boolean;
  /** user-initial-policy-set; empty = any policy. */
  readonly policySet: ReadonlySet<string>;
  readonly explicitPolicy: boolean;
  readonly policyMappingInhibit: boolean;
  readonly inhibitAnyPolicy: boolean;
  /** What comparisons of names and policies are paid from. */
  readonly work: Budget;
}

/** Inputs that restrict nothing, for callers that state what they ask. */
export const openInputs = {
  purposes: [],
  strict: false,
  allowSha1: false,
  allowSmallKeys: false,
  policySet: new Set<string>(),
  explicitPolicy: false,
  policyMappingInhibit: false,
  inhibitAnyPolicy: false,
} as const satisfies Partial<PathInputs>;
