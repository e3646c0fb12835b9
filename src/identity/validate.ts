import type { EpochMs } from '../lib/clock.ts';
import type { Finding, ReasonCode } from '../lib/reason-code.ts';
import { buildPaths } from './path-build.ts';
import { indexTrust } from './trust-index.ts';
import type { Certificate, CertificationPath } from './types.ts';
import { checkValidity } from './validity.ts';

/** What is asked of a certificate: RFC 5280 section 6.1.1 with a bundle of intermediates instead of one path. */
export interface ValidationRequest {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly Certificate[];
  readonly at: EpochMs;
  /** OIDs of purposes, each of which the leaf and every CA above must permit; absent or empty = none required. */
  readonly eku?: readonly string[];
  /** Most intermediates between leaf and anchor. */
  readonly maxDepth?: number;
  /** Whether what only a CA should have done better denies. */
  readonly strict?: boolean;
  readonly initialPolicySet?: readonly string[];
  readonly initialExplicitPolicy?: boolean;
  readonly initialPolicyMappingInhibit?: boolean;
  readonly initialInhibitAnyPolicy?: boolean;
  /** A further check of a complete path that holds so far; findings refuse it, and the search goes on. */
  readonly accept?: (path: readonly Certificate[]) => readonly Finding[];
}

/** One thing about one certificate; `certificate` counts in the path from the leaf, 0, null = none of them. */
export interface Remark<Code extends string> {
  readonly code: Code;
  readonly message: string;
  readonly certificate: number | null;
}

export interface ValidationResult {
  readonly valid: boolean;
  /** The path that holds, leaf first and anchor last; else the best that was tried, empty where none was complete. */
  readonly path: readonly Certificate[];
  readonly reasons: readonly Remark<ReasonCode>[];
  readonly lint: readonly Remark<string>[];
}

/** Validates one certificate. Never throws for what the certificates say. */
export function validateCertificate(o: ValidationRequest): ValidationResult {
  const anchors = o.anchors.map((certificate, index) => ({
    name: String(index),
    certificate,
    profile: { kind: 'ieee_802_1ar' as const },
    revocation: { required: false, graceMs: 0 },
    allowSha1: false,
  }));
  const built = buildPaths(o.leaf, o.intermediates, indexTrust({ anchors, intermediates: [], digest: '' }));
  let findings: readonly Finding[] = built.findings;
  let best: readonly Certificate[] = [];
  for (const path of built.paths) {
    findings = check(path, o);
    best = path.certificates;
    if (findings.length === 0) return { valid: true, path: best, reasons: [], lint: [] };
  }
  return { valid: false, path: best, reasons: findings.map(remark), lint: [] };
}

function check(path: CertificationPath, o: ValidationRequest): readonly Finding[] {
  const findings = checkValidity(path, o.at, 'includes');
  return findings.length > 0 ? findings : (o.accept?.(path.certificates) ?? []);
}

function remark({ code, detail }: Finding): Remark<ReasonCode> {
  const { certificate, ...values } = detail ?? {};
  const message = Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  return { code, message, certificate: typeof certificate === 'number' ? certificate : null };
}
