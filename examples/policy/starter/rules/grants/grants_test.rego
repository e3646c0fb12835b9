package rules.grants_test

import data.rules.grants

_granted(class, own) := granted if {
	granted := {"entitlements": grants.entitlements, "session_limits": grants.session_limits, "ttls": grants.ttls} with input as {"device_class": class, "device_entitlements": own}
		with data.portreeve.classes as {
			"meter": {"entitlements": ["a"], "session_limit_s": 3600, "ttl_s": 60},
			"camera": {"entitlements": [], "session_limit_s": null, "ttl_s": 60},
		}
}

test_entitlements_of_the_class_and_of_the_device_are_granted if {
	_granted("meter", ["b"]) == {"entitlements": {"a", "b"}, "session_limits": {3600}, "ttls": {60}}
}

test_a_class_without_a_session_limit_sets_none if {
	_granted("camera", []) == {"entitlements": set(), "session_limits": set(), "ttls": {60}}
}

test_a_class_without_rules_lets_no_allow_stand if _granted("toaster", []).ttls == set()
