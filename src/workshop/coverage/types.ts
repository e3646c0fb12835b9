import type { RegoRule } from '../rego-tree/types.ts';

/** A rule, and by what it fired. */
export interface RuleCoverage extends Pick<RegoRule, 'name' | 'file' | 'row' | 'gives'> {
  readonly by: readonly ('case' | 'rego')[];
}

/** A reason that the policy can give, or declares. */
export interface ReasonCoverage {
  readonly code: string;
  /** `file:row` of the rules that give it; empty for one that is only declared. */
  readonly givenAt: readonly string[];
  /** Cases that expect it, or whose decision had it. */
  readonly expectedBy: number;
  readonly seenIn: number;
  /** Files of Rego tests that name it. */
  readonly namedByTests: readonly string[];
}

export interface FileCoverage {
  readonly file: string;
  /** Line → whether everything on it was evaluated; lines without anything to evaluate are absent. */
  readonly lines: ReadonlyMap<number, boolean>;
}

/** How much of a policy was tried by its cases and Rego tests together. */
export interface PolicyCoverage {
  readonly files: readonly FileCoverage[];
  readonly rules: readonly RuleCoverage[];
  readonly reasons: readonly ReasonCoverage[];
}

export interface Share {
  readonly covered: number;
  readonly of: number;
  /** 0 to 100, cut to one decimal, so that only all of it is 100; 100 where there is nothing. */
  readonly percent: number;
}

/** A part of a whole. */
export function share(covered: number, of: number): Share {
  return { covered, of, percent: of === 0 ? 100 : Math.floor((covered / of) * 1000) / 10 };
}

/** Lines of all files. */
export function lineShare(files: readonly FileCoverage[]): Share {
  const lines = files.flatMap((file) => [...file.lines.values()]);
  return share(lines.filter((covered) => covered).length, lines.length);
}

/** Rules that fired. */
export function ruleShare(rules: readonly RuleCoverage[]): Share {
  return share(rules.filter(({ by }) => by.length > 0).length, rules.length);
}

/** Reasons that a case expects. */
export function reasonShare(reasons: readonly ReasonCoverage[]): Share {
  return share(reasons.filter(({ expectedBy }) => expectedBy > 0).length, reasons.length);
}
