package portreeve.renewal_test

import data.portreeve.renewal
import data.portreeve.sample_test as sample

_late := {"renewal_overdue": ["device"], "renewal_overdue_remaining_s": 60}

_with(sampled, changes) := reasons if {
	reasons := renewal.reasons with input as object.union(sampled, changes)
}

test_a_certificate_whose_renewal_is_overdue_is_told_and_another_is_not if {
	_with(sample.device, _late) == {{
		"code": "credential.renewal_overdue",
		"detail": {"because": "renewal_expected_by of the device", "remaining_s": 60},
	}}
	_with(sample.device, {}) == set()
}

test_only_a_devices_own_valid_certificate_is_looked_at if {
	_with(sample.device, object.union(_late, {"credential_valid": false})) == set()
	_with(sample.child, _late) == set()
	_with(sample.nobody, _late) == set()
}

test_both_together_are_one_reason if {
	_with(sample.device, {"renewal_overdue": ["class", "device"], "renewal_overdue_remaining_s": 60}) == {{
		"code": "credential.renewal_overdue",
		"detail": {
			"because": "renew_by_share of the class, renewal_expected_by of the device",
			"remaining_s": 60,
		},
	}}
}
