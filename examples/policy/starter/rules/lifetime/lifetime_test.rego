package rules.lifetime_test

import data.rules.lifetime

_input := {
	"authenticated_by": "device_tls",
	"credential_presented": true,
	"credential_valid": true,
	"device_class": "meter",
	"lifetime_s": 100,
	"renewal_overdue": [],
	"renewal_overdue_remaining_s": null,
}

_told(changes) := told if {
	told := {
		"deny": {reason.code | some reason in lifetime.deny},
		"tell": {reason.code | some reason in lifetime.tell},
	} with input as object.union(_input, changes)
		with data.portreeve.classes as {"meter": {"max_lifetime_s": 100}, "camera": {"max_lifetime_s": null}}
}

_denied := {"credential.lifetime_exceeds_policy"}

test_up_to_the_longest_lifetime_is_not_denied if _told({}) == {"deny": set(), "tell": set()}

test_a_longer_one_is_denied if _told({"lifetime_s": 101}).deny == _denied

test_one_that_cannot_be_told_is_denied if _told({"lifetime_s": null}).deny == _denied

test_a_class_without_a_longest_lifetime_takes_any if {
	_told({"device_class": "camera", "lifetime_s": 999}).deny == set()
}

test_a_gateways_certificate_is_not_the_devices if {
	_told({"authenticated_by": "gateway_asserted", "lifetime_s": 999}).deny == set()
}

test_an_overdue_renewal_is_told if {
	_told({"renewal_overdue": ["class"], "renewal_overdue_remaining_s": 10}) == {
		"deny": set(),
		"tell": {"credential.renewal_overdue"},
	}
}
