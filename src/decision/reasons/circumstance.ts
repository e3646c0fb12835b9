import { control } from './controls.ts';
import { about, ours, remark } from './entry.ts';
import type { ReasonGroup } from './entry.ts';

const gatewayControls = [control.assertions, control.reuse, control.enforcementPoint];
const proofControls = [control.assertions, control.authentication, control.reuse];
const policyControls = [control.permissions, control.dynamicPolicy, control.policyEngine];
const faultControls = [control.policyEngine, control.beforeAccess];

/** Groups assurance, network, policy and system: by whose word, from where, and how the decision itself went. */
export const circumstanceReasons: ReasonGroup<'assurance' | 'network' | 'policy' | 'system'> = {
  'assurance.gateway_unknown': about(
    'The gateway that speaks for the device is not in the inventory.',
    'Import the gateway as a device of its own.',
    [...gatewayControls, control.hardwareInventory],
  ),
  'assurance.gateway_untrusted': about(
    "The gateway's word does not count: it did not prove who it is as its class asks for, may not assert devices, or is disabled.",
    "Look at the detail: the gateway's certificate and its class, its status, or the enforcement point's right to assert devices.",
    gatewayControls,
  ),
  'assurance.device_not_proven': about(
    "The device's class asks for the device's own proof, and only a gateway speaks for it.",
    "Let the device connect with its own certificate, or lower the class's `assurance` knowingly.",
    proofControls,
  ),
  'assurance.level_below_required': about(
    'The device is authenticated less strongly than its class asks for.',
    "Compare the decision's assurance with the class's.",
    proofControls,
  ),
  'assurance.child_not_enrolled': about(
    'The gateway may not speak for this device.',
    "If the device belongs behind it, add the gateway to the device's `gateways`, or delegate: `portreeve gateway delegate`.",
    [...gatewayControls, control.proofing],
  ),
  'assurance.delegation_expired': about(
    'The gateway might speak for this device until a time that is over.',
    'Delegate anew if the device still belongs behind it: `portreeve gateway delegate`.',
    [...gatewayControls, control.longLived],
  ),
  'network.source_not_allowed': about(
    'The connection comes from a network that is not allowed.',
    'Compare the source address with the networks of the device, its class and the enforcement point.',
    [control.networks, control.location],
  ),
  'policy.ok': remark('info', 'Everything that the policy asks for holds.', 'Nothing.', policyControls),
  'policy.denied': about(
    'The policy does not allow the connection and gave no reason of its own.',
    "Have the policy name the reason; until then, look at its rules with this decision's input.",
    [...policyControls, control.overprivileged],
  ),
  'policy.undefined': ours(
    'The policy has no answer for this connection.',
    'The bundle does not define `portreeve/decision` for this input: mend the policy, or load one that does.',
    faultControls,
  ),
  'policy.error': ours(
    'The policy broke off, or answered in a form that is not a verdict.',
    'Look at the fault in the record; mend the policy.',
    faultControls,
  ),
  'policy.timeout': ours(
    'The policy did not answer in the time that was left.',
    'Look for rules that loop over large data; compare the time of evaluation with `server.budget`.',
    faultControls,
  ),
  'policy.bundle_missing': ours(
    'No policy is loaded.',
    'Look at `/readyz` and at why the bundle could not be loaded.',
    faultControls,
  ),
  'policy.bundle_signature_invalid': ours(
    'No policy is loaded, because the bundle is not signed as `policy.signed_by` asks for.',
    "Look at `bundle.error` in `/status`: sign the bundle with a key that counts, or bring that key's public half into `policy.signed_by`.",
    faultControls,
  ),
  'policy.bundle_stale': ours(
    'The policy is older than `policy.max_age` and its grace are: its source has not said for so long that it is the newest.',
    'Mend what keeps the source from being read (`/status`, `portreeve policy list`), pin a bundle (`portreeve policy rollback`), or give it more grace.',
    faultControls,
  ),
  'policy.stale_within_grace': remark(
    'warn',
    'The policy is older than `policy.max_age`; it was decided by it all the same, within `policy.grace`.',
    'Mend what keeps the source of bundles from being read before the grace is over.',
    faultControls,
  ),
  'policy.shadow_would_deny': remark(
    'info',
    'The policy that is on trial beside the one in force would have denied the connection.',
    'Look at `shadow.would` in the same record for its reasons, and at `portreeve policy shadow report` for whom else it would keep out, before you promote it.',
    policyControls,
  ),
  'system.input_invalid': about(
    "The enforcement point's request is malformed or over a limit.",
    "Look at the field in the detail and at the enforcement point's configuration.",
    [control.enforcementPoint],
  ),
  'system.overload_shed': ours(
    "The request's time was over before it could be decided.",
    'Look at load and number of workers, and at the time-out that the enforcement point sets.',
    faultControls,
  ),
  'system.internal': ours(
    'Deciding failed for a reason inside this program.',
    'Look at the fault in the record, and report it.',
    faultControls,
  ),
  'system.clock_untrusted': ours(
    "This machine's clock is behind a time that is known to have been, or behind the date of what was decided by: a clock is wrong.",
    "Compare the times in the detail with a clock that is right; set this machine's clock, have the CRL issued anew, or reset a kept time that is wrong (`portreeve time reset`). With `decide --at`: the state is newer than the time that was asked about.",
    [control.crlValidation, control.policyEngine, control.beforeAccess],
  ),
  'system.clock_within_grace': remark(
    'warn',
    "This machine's clock cannot be trusted; it was decided at the kept time, by the grace of the device's class.",
    "Set this machine's clock before the grace is over.",
    [control.policyEngine, control.beforeAccess],
  ),
  'system.dependency_stale': ours(
    'The state that the decision depends on could not be read.',
    'Look at the store: its file, its volume, and who holds its lock. `portreeve doctor` tests it.',
    faultControls,
  ),
  'system.break_glass_used': remark(
    'warn',
    'The connection passes only because the glass was broken for its reasons.',
    'Mend what the reasons name before the time of the broken glass is over.',
    [control.permissions, control.logs],
  ),
  'system.audit_unavailable': ours(
    'The decision could not be recorded.',
    "Look at the audit log's volume and permissions: `audit.path`.",
    [control.logs],
  ),
};
