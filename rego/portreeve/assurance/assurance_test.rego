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
	_codes(sample.child, {"gateway_proved": false, "assurance": "none"}) == {"assurance.gateway_untrusted"}
}

test_an_enforcement_point_may_assert_devices_where_no_certificate_was_shown if {
	unshown := {"gateway_proved": false, "credential_presented": false, "credential_optional": true}
	_codes(sample.child, unshown) == {"assurance.gateway_untrusted"}
	_codes(sample.child, object.union(unshown, {"pep_may_assert_devices": true})) == set()
}

test_a_certificate_that_does_not_prove_its_gateway_is_made_good_by_nothing if {
	_codes(sample.child, {
		"assurance": "none",
		"gateway_proved": false,
		"pep_may_assert_devices": true,
	}) == {"assurance.gateway_untrusted"}
}

test_a_child_whose_record_does_not_name_the_gateway_is_denied if {
	_reasons(sample.child, {"gateway_enrolled": false}, sample.classes) == {{
		"code": "assurance.child_not_enrolled",
		"detail": {"gateway": "gw-1", "device_id": "SEN-0001"},
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
