package portreeve.lifetime_test

import data.portreeve.lifetime
import data.portreeve.sample_test as sample

_codes(changes, classes) := sample.codes(reasons) if {
	reasons := lifetime.reasons with input as object.union(sample.device, changes)
		with data.portreeve.classes as classes
}

test_a_lifetime_up_to_the_limit_passes if {
	_codes({"lifetime_s": 31536000}, sample.classes) == set()
}

test_a_longer_one_is_denied if {
	_codes({"lifetime_s": 31536001}, sample.classes) == {"credential.lifetime_exceeds_policy"}
}

test_a_class_without_a_limit_takes_any if {
	_codes({"lifetime_s": 999999999}, sample.meter_with({"max_lifetime_s": null})) == set()
}

test_a_valid_certificate_of_unknown_lifetime_is_denied if {
	_codes({"lifetime_s": null}, sample.classes) == {"credential.lifetime_exceeds_policy"}
}

test_an_unreadable_certificate_is_left_to_its_own_reason if {
	_codes({"lifetime_s": null, "credential_valid": false}, sample.classes) == set()
}

test_a_gateways_certificate_is_not_judged_by_the_childs_class if {
	reasons := lifetime.reasons with input as object.union(sample.child, {"lifetime_s": 999999999})
		with data.portreeve.classes as sample.sensor_with({"max_lifetime_s": 60})
	reasons == set()
}
