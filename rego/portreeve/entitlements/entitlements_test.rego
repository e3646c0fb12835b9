package portreeve.entitlements_test

import data.portreeve.entitlements
import data.portreeve.sample_test as sample

test_entitlements_of_class_and_device_are_joined_sorted_and_told_once if {
	grants := entitlements.grants with input as object.union(
		sample.device,
		{"device_entitlements": ["readings:write", "alarm:raise"]},
	)
		with data.portreeve.classes as sample.classes
	grants == {
		"entitlements": ["alarm:raise", "readings:write"],
		"session_limit_s": 3600,
		"ttl_s": 300,
	}
}

test_a_class_without_rules_grants_nothing if {
	entitlements.grants == null with input as sample.device with data.portreeve.classes as {}
}
