import type { DeclaredReason } from '../../policy/custom-reasons.ts';

export type { DeclaredReason } from '../../policy/custom-reasons.ts';

/** What an author writes into `policy.yaml`; what may be left out is optional. */
export interface ProjectFile {
  readonly version: 1;
  readonly input_version?: number;
  readonly requires?: string;
  readonly entrypoint?: string;
  readonly compat?: 'opa-envoy' | null;
  readonly rego_version?: 0 | 1;
  readonly modules?: readonly string[];
  readonly data?: readonly string[];
  readonly cases?: readonly string[];
  readonly capabilities?: string;
  readonly reasons?: Readonly<Record<string, DeclaredReason>>;
  readonly self_test?: readonly string[];
}

/** A policy project: a folder with `policy.yaml`. All file names are relative to the folder, with `/`, and sorted. */
export interface Project {
  /** Absolute. */
  readonly folder: string;
  /** Absolute path of `policy.yaml`. */
  readonly file: string;
  /** Version of the policy input that the rules are written for. */
  readonly inputVersion: number;
  /** Program versions that can run it, such as `>=0.1.0`. */
  readonly requires: string;
  /** The rule that is asked, such as `portreeve/decision`. */
  readonly entrypoint: string;
  readonly compat: 'opa-envoy' | null;
  readonly regoVersion: 0 | 1;
  /** Rego files that go into the bundle. */
  readonly modules: readonly string[];
  /** Rego files with tests (`*_test.rego`), beside the modules. */
  readonly tests: readonly string[];
  /** Folders and files with data, as `policy.yaml` names them and only those that are there: what `opa` is given. */
  readonly data: readonly string[];
  /** JSON and YAML files within them. */
  readonly dataFiles: readonly string[];
  readonly caseFiles: readonly string[];
  /** Case files whose cases travel in the bundle: those of `caseFiles` that `self_test` names. */
  readonly selfTestFiles: readonly string[];
  /** By code, `custom.<name>`. */
  readonly reasons: Readonly<Record<string, DeclaredReason>>;
  /** Absolute path of the capabilities file that the compiler is held to: the project's own, else the program's. */
  readonly capabilities: string;
}
