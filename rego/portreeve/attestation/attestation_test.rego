package portreeve.attestation_test

import data.portreeve.attestation
import data.portreeve.sample_test as sample

_codes(status, rule) := sample.codes(reasons) if {
	reasons := attestation.reasons with input as object.union(sample.device, {"attestation_status": status})
		with data.portreeve.classes as sample.meter_with({"attestation": rule})
}

test_where_attestation_is_optional_nothing_is_denied if {
	_codes("none", "optional") == set()
	_codes("unverified", "optional") == set()
}

test_a_missing_token_is_denied_where_one_is_required if {
	_codes("none", "required") == {"attestation.missing"}
}

test_a_token_that_nobody_verified_satisfies_nothing if {
	_codes("unverified", "required") == {"attestation.verifier_untrusted"}
}

test_a_status_that_nobody_knows_satisfies_nothing if {
	_codes("splendid", "required") == {"attestation.verifier_untrusted"}
}

test_any_rule_but_optional_requires if {
	_codes("none", "sometimes") == {"attestation.missing"}
}
