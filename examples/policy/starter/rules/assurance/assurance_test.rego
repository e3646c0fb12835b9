package rules.assurance_test

import data.rules.assurance

_input := {
	"authenticated_by": "gateway_asserted",
	"assurance": "gateway_asserted",
	"credential_presented": true,
	"credential_valid": true,
	"credential_findings": [],
	"inventory_known": true,
	"device_class": "sensor",
	"gateway": "gateway-1",
	"gateway_known": true,
	"gateway_proved": true,
	"gateway_status": "active",
	"gateway_enrolled": true,
	"pep_may_assert_devices": false,
}

_codes(changes) := codes if {
	codes := {reason.code | some reason in assurance.deny} with input as object.union(_input, changes)
		with data.portreeve.classes as {
			"sensor": {"assurance": "gateway_asserted"},
			"meter": {"assurance": "device_proved"},
		}
}

test_a_gateway_that_may_speak_for_the_device_is_not_denied if _codes({}) == set()

test_more_than_the_class_wants_is_not_denied if {
	_codes({"authenticated_by": "device_tls", "assurance": "device_proved", "gateway": null}) == set()
}

test_less_than_the_class_wants_is_denied if {
	_codes({"device_class": "meter"}) == {"assurance.level_below_required"}
}

test_a_gateway_that_nobody_knows_is_denied if {
	_codes({"gateway_known": false, "gateway_status": null}) == {"assurance.gateway_unknown"}
}

test_a_gateway_that_did_not_prove_itself_or_is_not_active_is_denied if {
	_codes({"gateway_proved": false}) == {"assurance.gateway_untrusted"}
	_codes({"gateway_status": "lost"}) == {"assurance.gateway_untrusted"}
}

test_a_gateway_that_the_devices_record_does_not_name_is_denied if {
	_codes({"gateway_enrolled": false}) == {"assurance.child_not_enrolled"}
}

test_a_gateway_that_a_proved_device_passes_through_vouches_for_nothing if {
	_codes({"authenticated_by": "device_tls", "assurance": "device_proved", "gateway_known": false}) == set()
}

test_an_enforcement_point_may_speak_for_devices_only_where_nobody_shows_a_certificate if {
	unshown := {
		"gateway_proved": false,
		"credential_presented": false,
		"credential_valid": false,
		"credential_optional": true,
	}
	_codes(unshown) == {"assurance.gateway_untrusted"}
	_codes(object.union(unshown, {"pep_may_assert_devices": true})) == set()
	_codes({"gateway_proved": false, "pep_may_assert_devices": true}) == {"assurance.gateway_untrusted"}
}
