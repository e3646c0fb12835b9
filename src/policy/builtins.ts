import { PortreeveError } from '../lib/errors.ts';

/**
 * Built-in functions that this program supplies to a policy: none. Everything that `rego/capabilities.json` lets a
 * policy use is native in the compiled module, so that a policy means the same here as in OPA. The SDK's own
 * JavaScript versions (`sprintf`, `regex.split`, `yaml.*`) are not offered: they differ from OPA's.
 */
export const suppliedBuiltins: ReadonlySet<string> = new Set();

/** Throws PDP_BUNDLE_INVALID where a module asks the host for a built-in that is not supplied. */
export function refuseUnknownBuiltins(wanted: readonly string[]): void {
  const missing = wanted.filter((name) => !suppliedBuiltins.has(name)).sort();
  if (missing.length === 0) return;
  throw new PortreeveError(
    'PDP_BUNDLE_INVALID',
    `the policy uses built-in functions that are not there at run time: ${missing.join(', ')}; ` +
      'build it with `--capabilities rego/capabilities.json`, which names those that are',
  );
}
