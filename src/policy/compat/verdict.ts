import { PortreeveError } from '../../lib/errors.ts';
import { isObject } from '../is-object.ts';
import type { PolicyInput, Verdict } from '../types.ts';
import { readResponse } from './read-response.ts';
import { wrong } from './checks.ts';

/**
 * The verdict of a policy that was written for opa-envoy-plugin. Such policies do not know of credentials: a connection
 * without one that they let pass is denied all the same, unless the configuration names that as allowed. Throws
 * PDP_POLICY_UNDEFINED where the policy said nothing, PDP_POLICY_TRAP where it said what cannot be used.
 */
export function readCompatVerdict(resultSet: unknown, input: PolicyInput): Verdict {
  if (!Array.isArray(resultSet)) throw wrong('the result', 'a list');
  if (resultSet.length === 0) {
    throw new PortreeveError('PDP_POLICY_UNDEFINED', 'the policy left its decision undefined');
  }
  if (resultSet.length > 1 || !isObject(resultSet[0])) throw wrong('the result', 'one answer');
  const { allow, response } = readResponse(resultSet[0]['result']);
  const unshown = allow && !isShown(input) && !input.credential_optional;
  return {
    allow: allow && !unshown,
    entitlements: [],
    headers: {},
    reasons: unshown ? [noCredential(input)] : [],
    response,
    session_limit_s: null,
    ttl_s: null,
  };
}

/** As our own policy has it. */
function isShown({ authenticated_by: by, credential_presented: presented }: PolicyInput): boolean {
  return presented && by !== 'none';
}

function noCredential({ authenticated_by }: PolicyInput): Verdict['reasons'][number] {
  return { code: 'identity.no_credential', detail: { authenticated_by } };
}
