package portreeve_test

import data.portreeve

_granting := {"grants": {"entitlements": {"b", "a"}, "session_limits": {3600, 900}, "ttls": {300, 60}}}

test_where_nobody_denies_and_somebody_grants_it_is_an_allow_with_the_least_of_all_limits if {
	decision := portreeve.decision with data.rules as _granting
	decision == {
		"allow": true,
		"reasons": set(),
		"entitlements": ["a", "b"],
		"headers": {},
		"session_limit_s": 900,
		"ttl_s": 60,
	}
}

test_one_denial_among_many_rules_denies_and_what_is_told_is_told if {
	decision := portreeve.decision with data.rules as object.union(_granting, {
		"one": {"deny": {{"code": "inventory.quarantined", "detail": {"status": "quarantined", "owner": null}}}},
		"two": {"deny": set(), "tell": {{"code": "attestation.not_relied_upon"}}},
	})
	not decision.allow
	decision.reasons == {
		{"code": "inventory.quarantined", "detail": {"status": "quarantined"}},
		{"code": "attestation.not_relied_upon", "detail": {}},
	}
	decision.entitlements == []
}

test_without_a_session_limit_there_is_none if {
	decision := portreeve.decision with data.rules as {"grants": {"ttls": {60}}}
	decision.allow
	decision.session_limit_s == null
}

test_without_any_rule_nothing_is_allowed if {
	decision := portreeve.decision with data.rules as {}
	not decision.allow
}

test_an_empty_input_is_denied if {
	decision := portreeve.decision with input as {}
	not decision.allow
}
