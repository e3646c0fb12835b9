import { resolve } from 'node:path';
import { Option } from 'commander';
import { findOpa, type Opa } from '../../workshop/opa/find.ts';
import { openProject } from '../../workshop/project/open.ts';
import type { Project } from '../../workshop/project/types.ts';
import type { CommonOptions } from '../command.ts';
import type { Session } from '../session.ts';

/** What every command takes that compiles policies. */
export interface OpaOptions extends CommonOptions {
  readonly opa?: string;
}

/** The option that names the policy compiler. */
export function opaOption(): Option {
  return new Option('--opa <path>', 'the policy compiler (else $PORTREEVE_OPA, else opa on the PATH)');
}

/** The policy compiler of a command. Throws PDP_OPA_UNAVAILABLE. */
export function opaOf(options: OpaOptions, session: Session): Opa {
  const { environment, folder } = session.around;
  const path = options.opa === undefined ? undefined : resolve(folder, options.opa);
  return findOpa({ path, env: environment });
}

/** The policy project that a command names, else the one in the current folder. Throws PDP_PROJECT_INVALID. */
export function projectOfArgument(folder: string | undefined, session: Session): Project {
  return openProject(resolve(session.around.folder, folder ?? '.'));
}
