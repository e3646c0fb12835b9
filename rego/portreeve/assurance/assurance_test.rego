package portreeve.assurance_test

import data.portreeve.assurance
import data.portreeve.sample_test as sample

_reasons(base, changes, classes) := reasons if {
	reasons := assurance.reasons with input as object.union(base, changes) with data.portreeve.classes as classes
}

_codes(base, changes) := sample.codes(_reasons(base, changes, sample.classes))

test_a_device_that_proves_itself_passes if _codes(sample.device, {}) == set()

test_a_child_of_a_proved_gateway_passes if _codes(sample.child, {}) == set()

test_a_gateways_word_is_denied_where_the_class_needs_the_devices_own_proof if {
	_reasons(sample.child, {"device_class": "meter"}, sample.classes) == {{
		"code": "assurance.device_not_proven",
		"detail": {"assurance": "gateway_asserted", "required": "device_proved"},
	}}
	codes := sample.codes(_reasons(sample.child, {}, sample.sensor_with({"assurance": "attested"})))
	codes == {"assurance.device_not_proven"}
}

test_any_other_lack_of_assurance_is_level_below_required if {
	_codes(sample.device, {"assurance": "none"}) == {"assurance.level_below_required"}
	attested := sample.meter_with({"assurance": "attested"})
	sample.codes(_reasons(sample.device, {}, attested)) == {"assurance.level_below_required"}
}

test_an_assurance_that_nobody_knows_is_below_every_level if {
	_codes(sample.device, {"assurance": "perfect"}) == {"assurance.level_below_required"}
	odd := sample.meter_with({"assurance": "perfect"})
	sample.codes(_reasons(sample.device, {}, odd)) == {"assurance.level_below_required"}
}

test_a_denied_credential_stands_for_the_low_level if {
	_codes(sample.device, {
		"assurance": "none",
		"credential_valid": false,
		"credential_findings": ["credential.expired"],
	}) == set()
}

test_nobody_with_an_optional_credential_is_below_what_the_class_requires if {
	_codes(sample.nobody, {
		"credential_optional": true,
		"device_id": "SEN-0001",
		"inventory_known": true,
		"device_class": "sensor",
	}) == {"assurance.level_below_required"}
}

test_a_word_that_does_not_count_stands_for_the_low_level if {
	_codes(sample.child, {"gateway_proved": false, "assurance": "none"}) == set()
}
