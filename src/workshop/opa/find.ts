import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { PortreeveError } from '../../lib/errors.ts';

/** The policy compiler that was found. */
export interface Opa {
  /** Absolute. */
  readonly path: string;
  /** `1.22.2`. */
  readonly version: string;
}

/** Where to look, first to last. */
export interface OpaSearch {
  /** `--opa`. */
  readonly path?: string | undefined;
  readonly env: {
    /** `$PORTREEVE_OPA`. */
    readonly opa?: string | undefined;
    /** `$PATH`. */
    readonly path?: string | undefined;
  };
}

/** Older compilers are not tried here: they know other built-ins than the capabilities name. */
const least = [1, 22, 0] as const;

/**
 * The `opa` that the option names, else the one of the environment, else the first on the path. One that is named and does
 * not run is refused, not passed over. Throws PDP_OPA_UNAVAILABLE, saying what to do.
 */
export function findOpa({ path, env }: OpaSearch): Opa {
  if (path !== undefined) return usable(resolve(path), '--opa');
  if (env.opa) return usable(resolve(env.opa), '$PORTREEVE_OPA');
  const onPath = (env.path ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => resolve(join(folder, 'opa')))
    .find(isExecutable);
  if (onPath === undefined) {
    throw unavailable('opa, the policy compiler, is not on the PATH', undefined);
  }
  return usable(onPath, 'the PATH');
}

function usable(path: string, origin: string): Opa {
  const ran = spawnSync(path, ['version'], { encoding: 'utf8', timeout: 60_000 });
  const version = /^Version: *(\d+\.\d+\.\d+\S*)/m.exec(ran.stdout ?? '')?.[1];
  if (ran.status !== 0 || version === undefined) {
    throw unavailable(`${path} (from ${origin}) does not run as opa`, ran.error);
  }
  if (isOlder(version)) {
    throw unavailable(`${path} (from ${origin}) is opa ${version}, older than ${least.join('.')}`, undefined);
  }
  return { path, version };
}

function isOlder(version: string): boolean {
  const numbers = version.split(/[.+-]/).slice(0, 3).map(Number);
  for (const [index, wanted] of least.entries()) {
    const is = numbers[index] ?? 0;
    if (is !== wanted) return is < wanted;
  }
  return false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function unavailable(problem: string, cause: unknown): PortreeveError {
  const advice = `install opa ${least.join('.')} or newer (https://www.openpolicyagent.org/docs#running-opa), or name it with --opa or PORTREEVE_OPA`;
  return new PortreeveError('PDP_OPA_UNAVAILABLE', `${problem}: ${advice}`, { cause });
}
