package subject_test

import data.subject

_class := {"meter": {"ttl_s": 60}}

test_what_a_class_leaves_unsaid_counts_as_the_strictest if {
	class := subject.class with input as {"device_class": "meter"} with data.portreeve.classes as _class
	class.ttl_s == 60
	class.assurance == "attested"
	class.firmware.required
}

test_a_class_without_rules_is_none if {
	not subject.class with input as {"device_class": "toaster"} with data.portreeve.classes as _class
	not subject.class with input as {"device_class": null} with data.portreeve.classes as _class
}

_shown := {
	"authenticated_by": "device_tls",
	"credential_presented": true,
	"credential_valid": true,
	"credential_findings": [],
	"credential_optional": false,
}

test_a_certificate_that_holds_holds if {
	subject.credential_holds with input as _shown
	subject.shows_own_credential with input as _shown
}

test_a_certificate_that_does_not_hold_is_made_good_by_nothing if {
	wrong := object.union(_shown, {"credential_valid": false, "credential_optional": true})
	not subject.credential_holds with input as wrong
}

test_no_certificate_is_enough_only_where_the_configuration_says_so if {
	nobody := object.union(_shown, {"authenticated_by": "none", "credential_presented": false, "credential_valid": false})
	not subject.credential_holds with input as nobody
	subject.credential_holds with input as object.union(nobody, {"credential_optional": true})
}
