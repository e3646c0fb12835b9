package portreeve.credential_test

import data.portreeve.credential
import data.portreeve.sample_test as sample

_codes(changes) := sample.codes(reasons) if {
	reasons := credential.reasons with input as object.union(sample.device, changes)
}

test_a_valid_certificate_has_nothing_against_it if _codes({}) == set()

test_no_certificate_is_denied if {
	sample.codes(credential.reasons) == {"identity.no_credential"} with input as sample.nobody
}

test_no_certificate_is_not_denied_where_the_configuration_says_so_by_name if {
	sample.codes(credential.reasons) == set() with input as object.union(sample.nobody, {"credential_optional": true})
}

test_a_gateways_word_without_any_certificate_is_denied_too if {
	sample.codes(credential.reasons) == {"identity.no_credential"} with input as object.union(
		sample.child,
		{"credential_presented": false, "credential_valid": false, "pep_may_assert_devices": true},
	)
}

test_a_certificate_that_authenticated_nobody_is_no_credential if {
	_codes({"authenticated_by": "none"}) == {"identity.no_credential"}
}

test_what_is_wrong_with_a_certificate_denies if {
	_codes({
		"credential_valid": false,
		"credential_findings": ["chain.untrusted_anchor", "credential.expired"],
	}) == {"chain.untrusted_anchor", "credential.expired"}
}

test_findings_deny_also_for_a_certificate_that_is_valid if {
	_codes({"credential_findings": ["identity.id_missing"]}) == {"identity.id_missing"}
}

test_optional_credentials_do_not_excuse_a_bad_one if {
	_codes({
		"credential_optional": true,
		"credential_valid": false,
		"credential_findings": ["credential.expired"],
	}) == {"credential.expired"}
}

test_an_invalid_certificate_that_nobody_explains_is_denied if {
	_codes({"credential_valid": false}) == {"policy.denied"}
}
