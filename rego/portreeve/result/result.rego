# METADATA
# title: Results
# description: The only builder of reasons and of the answer; rules never write either by hand.
package portreeve.result

# METADATA
# description: >-
#   codes whose severity in the catalogue is not deny; every other code denies, also one that nobody knows
# scope: document
not_denying := {
	"attestation.not_relied_upon",
	"credential.renewal_overdue",
	"firmware.grace_expiring",
	"identity.credential_shared",
	"inventory.stale_within_grace",
	"policy.ok",
	"policy.shadow_would_deny",
	"policy.stale_within_grace",
	"revocation.removed_from_hold",
	"revocation.stale_within_grace",
	"revocation.status_unknown",
	"system.break_glass_used",
	"system.clock_within_grace",
}

# METADATA
# description: >-
#   one reason; `detail` has the compared values for the auditor, those that are null are left out; `{"input": key}` stands
#   for the input's value of that key, which the program puts there
# scope: document
reason(code, detail) := {
	"code": code,
	"detail": {name: value |
		some name, value in detail
		value != null
	},
}

# METADATA
# description: true where at least one of the reasons denies
# scope: document
denying(reasons) if {
	some reason in reasons
	not reason.code in not_denying
}

# METADATA
# description: >-
#   the answer that the engine reads; allows only where no reason denies and there are grants, so that
#   whatever is forgotten elsewhere ends as a denial
# scope: document
verdict(reasons, grants) := _answer(true, reasons, grants) if {
	not denying(reasons)
	grants != null
} else := _answer(false, reasons, _nothing) if {
	denying(reasons)
} else := _answer(false, reasons | {reason("policy.denied", {"because": "no grants"})}, _nothing)

_answer(allow, reasons, grants) := {
	"allow": allow,
	"reasons": reasons,
	"entitlements": grants.entitlements,
	"headers": {},
	"session_limit_s": grants.session_limit_s,
	"ttl_s": grants.ttl_s,
}

_nothing := {
	"entitlements": [],
	"session_limit_s": null,
	"ttl_s": null,
}
