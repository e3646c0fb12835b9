package portreeve.identity_test

import data.portreeve.identity
import data.portreeve.sample_test as sample

_codes(changes) := sample.codes(reasons) if {
	reasons := identity.reasons with input as object.union(sample.device, changes)
		with data.portreeve.classes as sample.classes
}

test_claims_that_match_or_are_absent_pass if {
	_codes({}) == set()
	_codes({"claimed_id_matches": true, "claimed_serial_matches": true}) == set()
}

test_a_claimed_id_that_is_not_the_proved_one_is_denied_with_both if {
	reasons := identity.reasons with input as object.union(
		sample.device,
		{"claimed_device_id": "MTR-0002", "claimed_id_matches": false},
	)
		with data.portreeve.classes as sample.classes
	reasons == {{
		"code": "identity.claimed_id_mismatch",
		"detail": {"claimed": {"input": "claimed_device_id"}, "proved": {"input": "device_id"}},
	}}
}

test_a_claimed_serial_that_differs_is_denied if {
	_codes({"claimed_serial": "ff", "claimed_serial_matches": false}) == {"identity.serial_mismatch"}
}

test_an_anchor_that_is_not_the_classs_is_denied if {
	_codes({"anchor": "vendor-root"}) == {"identity.anchor_namespace_mismatch"}
}

test_a_valid_certificate_without_an_anchor_is_denied if {
	_codes({"anchor": null}) == {"identity.anchor_namespace_mismatch"}
}

test_an_invalid_certificate_without_an_anchor_is_left_to_its_own_reason if {
	_codes({"anchor": null, "credential_valid": false}) == set()
}

test_a_class_without_anchors_takes_no_certificate if {
	reasons := identity.reasons with input as sample.device
		with data.portreeve.classes as sample.meter_with({"anchors": []})
	sample.codes(reasons) == {"identity.anchor_namespace_mismatch"}
}

test_a_gateways_anchor_is_not_compared_with_the_childs_class if {
	identity.reasons == set() with input as sample.child with data.portreeve.classes as sample.classes
}

test_a_key_in_use_in_several_places_is_told_denied_or_ignored_as_the_class_says if {
	_shared("warn") == {"identity.credential_shared"}
	_shared("deny") == {"identity.concurrent_use"}
	_shared("ignore") == set()
}

test_what_the_class_leaves_unsaid_about_shared_keys_is_denied if {
	rules := object.remove(sample.classes.meter, ["shared_use"])
	reasons := identity.reasons with input as object.union(sample.device, {"credential_shared": "devices"})
		with data.portreeve.classes as {"meter": rules}
	reasons == {{"code": "identity.concurrent_use", "detail": {"among": "devices"}}}
}

_shared(rule) := sample.codes(reasons) if {
	reasons := identity.reasons with input as object.union(sample.device, {"credential_shared": "gateways"})
		with data.portreeve.classes as sample.meter_with({"shared_use": rule})
}
