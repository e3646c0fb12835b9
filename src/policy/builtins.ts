import { PortreeveError } from '../lib/errors.ts';
import { compatBuiltins } from './builtins/compat.ts';
import type { BuiltinMode, BuiltinTable } from './builtins/types.ts';

/**
 * Built-in functions that this program supplies to a policy. Of its own kind: none. Everything that
 * `rego/capabilities.json` lets such a policy use is native in the compiled module, so that a policy means the same here
 * as in OPA. The SDK's own JavaScript versions (`sprintf`, `regex.split`, `yaml.*`) are not offered: they differ from
 * OPA's. Policies written for OPA's Envoy plugin get those of `rego/capabilities-compat.json`.
 */
const suppliedBuiltins: Readonly<Record<BuiltinMode, BuiltinTable>> = { none: {}, compat: compatBuiltins };

const capabilities: Readonly<Record<BuiltinMode, string>> = {
  none: 'rego/capabilities.json',
  compat: 'rego/capabilities-compat.json',
};

/** What the host gives in this mode of what a module wants. Throws PDP_BUNDLE_INVALID, naming what is not there. */
export function builtinsFor(mode: BuiltinMode, wanted: Readonly<Record<string, number>>): BuiltinTable {
  refuseUnknownBuiltins(Object.keys(wanted), mode);
  const supplied = suppliedBuiltins[mode];
  return Object.fromEntries(Object.entries(supplied).filter(([name]) => Object.hasOwn(wanted, name)));
}

/** Throws PDP_BUNDLE_INVALID where a module asks the host for a built-in that is not supplied. */
export function refuseUnknownBuiltins(wanted: readonly string[], mode: BuiltinMode = 'none'): void {
  const missing = wanted.filter((name) => !Object.hasOwn(suppliedBuiltins[mode], name)).sort();
  if (missing.length === 0) return;
  throw new PortreeveError(
    'PDP_BUNDLE_INVALID',
    `the policy uses built-in functions that are not there at run time: ${missing.join(', ')}; ` +
      `build it with \`--capabilities ${capabilities[mode]}\`, which names those that are`,
  );
}
