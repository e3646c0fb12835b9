package portreeve.gateway_test

import data.portreeve.gateway
import data.portreeve.sample_test as sample

_reasons(base, changes) := reasons if {
	reasons := gateway.reasons with input as object.union(base, changes)
}

_codes(base, changes) := sample.codes(_reasons(base, changes))

test_a_proved_gateway_that_may_speak_for_the_child_passes if _codes(sample.child, {}) == set()

test_a_gateway_that_the_inventory_does_not_know_is_denied if {
	_codes(sample.child, {
		"gateway_known": false,
		"gateway_status": null,
	}) == {"assurance.gateway_unknown"}
}

test_a_word_without_any_gateway_is_denied if {
	_codes(sample.child, {
		"gateway": null,
		"gateway_proved": null,
		"gateway_known": null,
		"gateway_status": null,
		"gateway_enrolled": null,
	}) == {"assurance.gateway_unknown", "assurance.gateway_untrusted"}
}

test_a_gateway_that_is_not_active_is_denied if {
	every status in ["pre_provisioned", "disabled", "quarantined", "lost", "decommissioned"] {
		_codes(sample.child, {"gateway_status": status}) == {"assurance.gateway_untrusted"}
	}
}

test_a_gateway_that_did_not_prove_itself_is_denied if {
	_codes(sample.child, {"gateway_proved": false}) == {"assurance.gateway_untrusted"}
}

test_an_enforcement_point_may_assert_devices_where_no_certificate_was_shown if {
	unshown := {"gateway_proved": false, "credential_presented": false, "credential_optional": true}
	_codes(sample.child, unshown) == {"assurance.gateway_untrusted"}
	_codes(sample.child, object.union(unshown, {"pep_may_assert_devices": true})) == set()
}

test_a_certificate_that_does_not_prove_its_gateway_is_made_good_by_nothing if {
	_codes(sample.child, {
		"gateway_proved": false,
		"pep_may_assert_devices": true,
	}) == {"assurance.gateway_untrusted"}
}

test_a_child_whose_record_does_not_name_the_gateway_is_denied if {
	_reasons(sample.child, {"gateway_enrolled": false}) == {{
		"code": "assurance.child_not_enrolled",
		"detail": {"gateway": {"input": "gateway"}, "device_id": {"input": "device_id"}},
	}}
}

test_a_gateway_that_a_proved_device_passes_through_vouches_for_nothing if {
	_codes(sample.device, {
		"gateway": "gw-9",
		"gateway_proved": false,
		"gateway_known": false,
		"gateway_enrolled": false,
	}) == set()
}

test_a_delegation_that_is_over_is_told_as_such if {
	_reasons(sample.child, {"gateway_enrolled": false, "gateway_delegation_until_s": 1794000000}) == {{
		"code": "assurance.delegation_expired",
		"detail": {"gateway": {"input": "gateway"}, "device_id": {"input": "device_id"}, "ended_s": 1794000000},
	}}
}

test_a_delegation_that_ends_later_passes if {
	_codes(sample.child, {"gateway_delegation_until_s": 1999999999}) == set()
}
