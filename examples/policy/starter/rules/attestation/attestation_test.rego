package rules.attestation_test

import data.rules.attestation

_input := {"device_class": "controller", "attestation_status": "verified", "attestation_findings": []}

_told(changes) := told if {
	told := {
		"deny": {reason.code | some reason in attestation.deny},
		"tell": {reason.code | some reason in attestation.tell},
	} with input as object.union(_input, changes)
		with data.portreeve.classes as {
			"controller": {"attestation": {"required": true}},
			"meter": {"attestation": {"required": false}},
		}
}

_expired := {"attestation_status": "failed", "attestation_findings": [{"code": "attestation.expired"}]}

test_a_verified_result_is_not_denied if _told({}) == {"deny": set(), "tell": set()}

test_no_result_is_denied_where_one_is_required if {
	_told({"attestation_status": "none"}) == {"deny": {"attestation.missing"}, "tell": set()}
	_told({"attestation_status": "none", "device_class": "meter"}) == {"deny": set(), "tell": set()}
}

test_a_result_that_does_not_hold_is_denied_where_one_is_required_and_told_elsewhere if {
	_told(_expired) == {"deny": {"attestation.expired"}, "tell": set()}
	_told(object.union(_expired, {"device_class": "meter"})) == {"deny": set(), "tell": {"attestation.not_relied_upon"}}
}

test_a_result_of_which_nothing_is_known_is_denied if {
	_told({"attestation_status": "failed"}) == {"deny": {"attestation.verifier_untrusted"}, "tell": set()}
}
