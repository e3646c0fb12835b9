package rules.identity_test

import data.rules.identity

_input := {
	"authenticated_by": "device_tls",
	"credential_presented": true,
	"credential_valid": true,
	"anchor": "fleet",
	"device_class": "meter",
	"device_id": "meter-1",
	"claimed_device_id": null,
	"claimed_serial": null,
	"claimed_id_matches": null,
	"claimed_serial_matches": null,
	"credential_shared": null,
}

_codes(changes) := codes if {
	codes := {reason.code | some reason in identity.deny} with input as object.union(_input, changes)
		with data.portreeve.classes as _classes
}

_classes := {
	"meter": {"anchors": ["fleet"], "shared_use": "warn"},
	"camera": {"anchors": ["fleet"]},
	"sensor": {"anchors": ["fleet"], "shared_use": "ignore"},
}

test_who_claims_nothing_is_not_denied if _codes({}) == set()

test_claims_that_are_proved_are_not_denied if {
	_codes({"claimed_device_id": "meter-1", "claimed_id_matches": true, "claimed_serial_matches": true}) == set()
}

test_another_id_and_another_serial_are_denied if {
	_codes({"claimed_id_matches": false}) == {"identity.claimed_id_mismatch"}
	_codes({"claimed_serial_matches": false}) == {"identity.serial_mismatch"}
}

test_an_anchor_of_other_devices_is_denied if _codes({"anchor": "other"}) == {"identity.anchor_namespace_mismatch"}

test_a_gateways_anchor_says_nothing_about_the_device if {
	_codes({"authenticated_by": "gateway_asserted", "anchor": "other"}) == set()
}

test_a_certificate_in_several_places_is_denied_unless_its_class_says_otherwise if {
	_codes({"credential_shared": "networks"}) == set()
	_codes({"credential_shared": "networks", "device_class": "camera"}) == {"identity.concurrent_use"}
	_codes({"credential_shared": "networks", "device_class": "sensor"}) == set()
}

test_it_is_told_where_the_class_only_wants_to_know if {
	shared := object.union(_input, {"credential_shared": "networks"})
	told := identity.tell with input as shared with data.portreeve.classes as _classes
	{reason.code | some reason in told} == {"identity.credential_shared"}
	silent := identity.tell with input as _input with data.portreeve.classes as _classes
	silent == set()
}
