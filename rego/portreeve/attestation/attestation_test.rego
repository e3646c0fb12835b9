package portreeve.attestation_test

import data.portreeve.attestation
import data.portreeve.sample_test as sample

_reasons(changes, rule) := reasons if {
	reasons := attestation.reasons with input as object.union(sample.device, changes)
		with data.portreeve.classes as sample.meter_with({"attestation": rule})
}

_codes(changes, rule) := sample.codes(_reasons(changes, rule))

_old := {
	"attestation_status": "failed",
	"attestation_findings": [{"code": "attestation.too_old", "detail": {"age_s": 7}}],
}

_good := {"attestation_status": "verified", "attestation_tier": "affirming"}

test_where_attestation_is_optional_no_token_is_missed if {
	_codes({}, {"required": false}) == set()
	_codes(_good, {"required": false}) == set()
}

test_a_missing_token_is_denied_where_one_is_required if {
	_codes({}, {"required": true}) == {"attestation.missing"}
}

test_a_verified_result_is_what_is_required if _codes(_good, {"required": true}) == set()

test_what_was_found_is_told_with_its_values_where_one_is_required if {
	_reasons(_old, {"required": true}) == {{"code": "attestation.too_old", "detail": {"age_s": 7}}}
}

test_a_finding_without_values_is_told_too if {
	found := [{"code": "attestation.warning"}, {"code": "attestation.none_tier"}]
	changes := {"attestation_status": "failed", "attestation_findings": found}
	_codes(changes, {"required": true}) == {"attestation.warning", "attestation.none_tier"}
}

test_a_token_that_does_not_hold_is_only_told_where_none_is_required if {
	_reasons(_old, {"required": false}) == {{
		"code": "attestation.not_relied_upon",
		"detail": {"because": "attestation.too_old"},
	}}
}

test_a_status_that_nobody_knows_satisfies_nothing if {
	_codes({"attestation_status": "splendid"}, {"required": true}) == {"attestation.verifier_untrusted"}
	_codes({"attestation_status": "failed"}, {"required": true}) == {"attestation.verifier_untrusted"}
}

test_any_rule_but_required_false_requires if {
	_codes({}, {"required": "sometimes"}) == {"attestation.missing"}
	_codes({}, "optional") == {"attestation.missing"}
}

test_a_device_without_a_class_is_for_other_rules if {
	_codes({"device_class": "unheard-of"}, {"required": true}) == set()
}
