package rules.issued_before_test

import data.rules.issued_before as rule

_denied(issuer, age) if {
	count(rule.deny) > 0 with input as {"issuer": issuer, "now_s": 1000, "certificate_age_s": age}
		with data.issued_before as {"meters": 400}
}

test_what_was_issued_before_is_denied if {
	_denied("meters", 601)
	not _denied("meters", 600)
	not _denied("meters", 1)
}

test_other_issuers_are_not_concerned if {
	not _denied("cameras", 900)
	not _denied(null, null)
}
