package rules.credential_test

import data.rules.credential

_input := {
	"authenticated_by": "device_tls",
	"credential_presented": true,
	"credential_valid": true,
	"credential_findings": [],
	"credential_optional": false,
}

_codes(changes) := codes if {
	codes := {reason.code | some reason in credential.deny} with input as object.union(_input, changes)
}

_nobody := {"authenticated_by": "none", "credential_presented": false, "credential_valid": false}

test_a_certificate_that_holds_is_not_denied if _codes({}) == set()

test_no_certificate_is_denied if _codes(_nobody) == {"identity.no_credential"}

test_no_certificate_is_not_denied_where_the_configuration_says_so if {
	_codes(object.union(_nobody, {"credential_optional": true})) == set()
}

test_what_is_wrong_with_a_certificate_is_told if {
	_codes({"credential_valid": false, "credential_findings": ["credential.expired"]}) == {"credential.expired"}
}

test_a_certificate_of_which_nothing_is_told_and_that_does_not_hold_is_denied if {
	_codes({"credential_valid": false}) == {"policy.denied"}
}
