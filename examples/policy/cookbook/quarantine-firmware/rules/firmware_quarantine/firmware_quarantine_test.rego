package rules.firmware_quarantine_test

import data.rules.firmware_quarantine as rule

_quarantine := {"firmware": {"bad": "case 812"}, "classes": ["valve"], "updates": ["10.9.0.10:443"]}

_codes(hash, class, destination) := codes if {
	codes := {reason.code | some reason in rule.deny} with data.quarantine as _quarantine
		with input as {"firmware_hash": hash, "device_class": class, "destination": destination}
}

test_firmware_in_quarantine_is_denied_but_to_the_update_service if {
	_codes("bad", "valve", "10.0.0.1:443") == {"custom.firmware_quarantined"}
	_codes("bad", "valve", null) == {"custom.firmware_quarantined"}
	_codes("bad", "valve", "10.9.0.10:443") == set()
}

test_other_firmware_is_not_denied if _codes("good", "valve", null) == set()

test_who_does_not_say_what_runs_is_denied_where_the_class_is_concerned if {
	_codes(null, "valve", "10.0.0.1:443") == {"custom.firmware_unstated"}
	_codes(null, "meter", "10.0.0.1:443") == set()
}

test_a_session_in_quarantine_is_short if {
	limits := rule.session_limits with data.quarantine as _quarantine with input as {"firmware_hash": "bad"}
	limits == {900}
}
