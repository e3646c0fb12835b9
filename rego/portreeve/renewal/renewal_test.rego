package portreeve.renewal_test

import data.portreeve.renewal
import data.portreeve.sample_test as sample

_with(changes, rules) := reasons if {
	reasons := renewal.reasons with input as object.union(sample.device, changes)
		with data.portreeve.classes as sample.meter_with(rules)
}

test_a_certificate_past_its_share_of_life_is_overdue_and_one_before_it_is_not if {
	age := sample.device.certificate_age_s
	life := age * 2
	sample.codes(_with({"lifetime_s": life}, {"renew_by_share": 0.5})) == {"credential.renewal_overdue"}
	_with({"lifetime_s": life + 1}, {"renew_by_share": 0.5}) == set()
	_with({"lifetime_s": life}, {"renew_by_share": null}) == set()
	_with({"lifetime_s": life}, {}) == set()
}

test_the_devices_own_time_counts_for_certificates_from_before_it if {
	now := sample.device.now_s
	sample.codes(_with({"renewal_expected_by_s": now}, {})) == {"credential.renewal_overdue"}
	_with({"renewal_expected_by_s": now + 1}, {}) == set()
	_with({"renewal_expected_by_s": now - sample.device.certificate_age_s}, {}) == set()
}

test_only_a_devices_own_valid_certificate_is_looked_at if {
	late := {"renewal_expected_by_s": sample.device.now_s}
	_with(object.union(late, {"credential_valid": false}), {}) == set()
	renewal.reasons == set() with input as object.union(sample.child, late) with data.portreeve.classes as sample.classes
	renewal.reasons == set() with input as object.union(sample.nobody, late) with data.portreeve.classes as sample.classes
}

test_both_together_are_one_reason if {
	reasons := _with({"renewal_expected_by_s": sample.device.now_s}, {"renew_by_share": 0.01})
	count(reasons) == 1
}
