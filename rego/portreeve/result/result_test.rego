package portreeve.result_test

import data.portreeve.result

_grants := {"entitlements": ["a"], "session_limit_s": null, "ttl_s": 60}

test_a_reason_leaves_out_details_that_are_null if {
	result.reason("firmware.blocked", {"a": null, "b": false, "c": 0, "d": ""}) == {
		"code": "firmware.blocked",
		"detail": {"b": false, "c": 0, "d": ""},
	}
}

test_no_reason_and_grants_allow if {
	verdict := result.verdict(set(), _grants)
	verdict.allow
	verdict.entitlements == ["a"]
	verdict.ttl_s == 60
}

test_a_warning_does_not_deny if {
	verdict := result.verdict({result.reason("revocation.stale_within_grace", {})}, _grants)
	verdict.allow
	count(verdict.reasons) == 1
}

test_any_other_code_denies_and_grants_nothing if {
	verdict := result.verdict({result.reason("nobody.knows_this", {}), result.reason("policy.ok", {})}, _grants)
	not verdict.allow
	verdict.entitlements == []
	verdict.ttl_s == null
}

test_without_grants_the_policy_denies_with_a_reason if {
	verdict := result.verdict(set(), null)
	not verdict.allow
	{reason.code | some reason in verdict.reasons} == {"policy.denied"}
}
