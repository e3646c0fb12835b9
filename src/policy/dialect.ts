import type { RequestDocument } from '../context/types.ts';
import { PortreeveError } from '../lib/errors.ts';
import type { BuiltinMode } from './builtins/types.ts';
import type { Bundle } from './bundle.ts';
import { readCompatVerdict } from './compat/verdict.ts';
import { withToldValues } from './told-values.ts';
import type { SharedVerdict } from './told-values.ts';
import type { PolicyInput, Verdict } from './types.ts';
import { readVerdict } from './verdict.ts';
import { createVerdictMemory, inputText } from './verdict-memory.ts';
import type { VerdictMemory } from './verdict-memory.ts';

/** What a configuration says of the policy that it wants; its `policy` has this shape. */
export interface PolicyWanted {
  readonly compat: 'opa-envoy' | null;
  /** With `compat`: the rule that is asked. */
  readonly path: string;
}

/** In which words a policy is asked, and how what it says is understood. */
export interface Dialect {
  readonly entrypoint: string;
  readonly builtins: BuiltinMode;
  /** The JSON text of what the policy sees as `input`. */
  readonly textOf: (input: PolicyInput, document?: RequestDocument) => string;
  /** Throws PDP_POLICY_UNDEFINED and PDP_POLICY_TRAP. */
  readonly read: (resultSet: unknown, input: PolicyInput) => SharedVerdict;
  /** The verdict with the values of this input that the rules only name. Throws PDP_POLICY_TRAP. */
  readonly complete: (verdict: SharedVerdict, input: PolicyInput) => Verdict;
  /** None where a verdict depends on more than our input. */
  readonly verdicts: VerdictMemory | undefined;
}

/**
 * The dialect of a bundle. Throws PDP_BUNDLE_INVALID where the configuration wants a policy of another kind; without one
 * the bundle's word counts.
 */
export function dialectOf(bundle: Bundle, wanted?: PolicyWanted): Dialect {
  if (wanted && wanted.compat !== bundle.compat) throw otherKind(bundle.compat);
  return bundle.compat === null ? ours(bundle) : compat(wanted?.path ?? bundle.entrypoint);
}

function ours({ entrypoint, inputKeys: keys, inputOnly: only, reasons }: Bundle): Dialect {
  return {
    entrypoint,
    builtins: 'none',
    textOf: inputText({ keys, only }),
    read: (resultSet) => readVerdict(resultSet, reasons),
    complete: (verdict, input) => withToldValues(verdict, input, keys),
    verdicts: createVerdictMemory({ keys, only }),
  };
}

/** opa-envoy-plugin's input with ours under `portreeve`. */
function compat(entrypoint: string): Dialect {
  return {
    entrypoint,
    builtins: 'compat',
    textOf: (input, document) => JSON.stringify({ ...document, portreeve: input }),
    read: readCompatVerdict,
    complete: (verdict) => verdict,
    verdicts: undefined,
  };
}

function otherKind(compat: Bundle['compat']): PortreeveError {
  return new PortreeveError(
    'PDP_BUNDLE_INVALID',
    compat === null
      ? "policy bundle: it is written for this program's own input, and policy.compat is opa-envoy: set it to null, or give a bundle built with compat: opa-envoy"
      : 'policy bundle: it is written for opa-envoy-plugin: set policy.compat to opa-envoy',
  );
}
