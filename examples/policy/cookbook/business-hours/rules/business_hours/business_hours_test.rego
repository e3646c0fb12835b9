package rules.business_hours_test

import data.rules.business_hours as rule

_hours := {
	"day": {"days": [1, 2, 3, 4, 5], "from": 420, "to": 1080},
	"night": {"days": [1, 2, 3, 4, 5], "from": 1320, "to": 360},
}

_at(tags, weekday, minute) := told if {
	told := {"deny": {reason.detail.tag | some reason in rule.deny}, "limits": rule.session_limits, "ttls": rule.ttls} with data.hours as _hours
		with input as {"device_tags": tags, "weekday": weekday, "minute_of_day": minute}
}

_within(seconds) := {"deny": set(), "limits": {seconds}, "ttls": {seconds}}

_denied(tag) := {"deny": {tag}, "limits": set(), "ttls": set()}

test_within_the_hours_there_is_a_limit_at_their_end if {
	_at(["day"], 1, 420) == _within(39600)
	_at(["day"], 5, 1079) == _within(60)
}

test_outside_of_the_hours_is_denied if {
	_at(["day"], 1, 419) == _denied("day")
	_at(["day"], 1, 1080) == _denied("day")
	_at(["day"], 0, 600) == _denied("day")
	_at(["day"], 6, 600) == _denied("day")
}

test_a_night_belongs_to_the_day_on_which_it_begins if {
	_at(["night"], 5, 1320) == _within(28800)
	_at(["night"], 6, 359) == _within(60)
	_at(["night"], 6, 1320) == _denied("night")
	_at(["night"], 0, 100) == _denied("night")
	_at(["night"], 1, 100) == _denied("night")
}

test_who_has_no_such_tag_is_not_concerned if {
	_at(["pilot"], 0, 0) == {"deny": set(), "limits": set(), "ttls": set()}
}

test_several_hours_count_together if _at(["day", "night"], 1, 600).deny == {"night"}
