package rules.freshness_test

import data.rules.freshness

_codes(age) := codes if {
	codes := {reason.code | some reason in freshness.deny} with input as {"crl_age_s": age}
		with data.thresholds.crl_max_age_s as 3600
}

test_a_list_is_good_up_to_the_threshold if {
	_codes(0) == set()
	_codes(3600) == set()
}

test_an_older_list_is_denied if _codes(3601) == {"custom.old_revocation_list"}

test_where_no_list_was_used_there_is_none_to_be_old if _codes(null) == set()
