package rules.third_party_test

import data.rules.third_party as rule

_codes(presented, class, destination) := codes if {
	codes := {reason.code | some reason in rule.deny} with data.third_party as {"lift": ["10.8.0.5:443"]}
		with input as {
			"credential_presented": presented,
			"credential_optional": true,
			"device_class": class,
			"destination": destination,
		}
}

test_a_third_partys_device_reaches_what_is_for_it_and_nothing_else if {
	_codes(false, "lift", "10.8.0.5:443") == set()
	_codes(false, "lift", "10.8.0.6:443") == {"custom.third_party_elsewhere"}
	_codes(false, "lift", null) == {"custom.third_party_elsewhere"}
}

test_every_other_device_shows_a_certificate if {
	_codes(false, "sensor", "10.8.0.5:443") == {"custom.certificate_expected"}
	_codes(false, null, null) == {"custom.certificate_expected"}
	_codes(true, "sensor", null) == set()
}

test_sessions_without_a_certificate_are_short if {
	limits := rule.session_limits with input as {"credential_presented": false}
	limits == {600}
}
