import type { Opa } from '../opa/find.ts';
import { runOpa } from '../opa/run.ts';
import type { OpaResult } from '../opa/run.ts';
import type { Project } from '../project/types.ts';

/** Runs `opa` with these arguments in a folder, `input` on its standard input. Rejects only where it cannot be started. */
export type RunOpa = (
  args: readonly string[],
  options: { readonly cwd: string; readonly input?: string },
) => Promise<OpaResult>;

/** The `opa` that was found, to be run. */
export function running(opa: Opa): RunOpa {
  return (args, options) => runOpa(opa, args, options);
}

/** A policy as `opa` is to read it: its sources, not what was compiled of them. */
export interface RegoSources extends Pick<
  Project,
  'folder' | 'modules' | 'tests' | 'data' | 'entrypoint' | 'regoVersion'
> {
  /** JSON text of the data document that the bundle has. */
  readonly document: string;
}

/** One evaluation of the entrypoint. */
export interface PolicyQuestion {
  readonly id: string;
  /** JSON text of the input: numbers stay as they are. */
  readonly input: string;
  /** What is at `data.portreeve.classes`; undefined where the bundle's own data stands. */
  readonly classes?: unknown;
  /** What `time.now_ns()` is, nanoseconds since 1970; undefined where the policy has no clock. */
  readonly nowNs?: string;
}

/** What `opa` says to a question. */
export type OpaAnswer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'error'; readonly message: string };
