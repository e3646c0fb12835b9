package rules.old_certificates_test

import data.rules.old_certificates as rule

_limits(age) := limits if {
	limits := rule.session_limits with input as {"certificate_age_s": age}
		with data.old_certificates as {"age_s": 100, "session_limit_s": 60}
}

test_a_young_certificate_sets_no_limit if {
	_limits(0) == set()
	_limits(100) == set()
}

test_an_old_certificate_sets_one if _limits(101) == {60}

test_no_certificate_sets_one if _limits(null) == {60}

test_it_is_told if {
	told := rule.tell with input as {"certificate_age_s": 101} with data.old_certificates.age_s as 100
	{reason.code | some reason in told} == {"custom.session_shortened"}
}
