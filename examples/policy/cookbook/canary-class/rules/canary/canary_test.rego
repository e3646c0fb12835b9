package rules.canary_test

import data.rules.canary as rule

_denied(id, share) if {
	count(rule.deny) > 0 with input as {"device_class": "pump", "device_id": id}
		with data.canary as {"pump": {"share": share, "first": ["pump-lab"]}}
}

_ids := [concat("-", ["pump", format_int(number, 10)]) | some number in numbers.range(1, 200)]

_in(share) := {id | some id in _ids; not _denied(id, share)}

test_about_the_share_gets_in if {
	count(_in(30)) > 40
	count(_in(30)) < 80
}

test_who_is_in_stays_in_while_the_share_grows if {
	count(_in(10) - _in(30)) == 0
	count(_in(30) - _in(60)) == 0
}

test_none_and_all if {
	count(_in(0)) == 0
	count(_in(100)) == 200
}

test_the_first_are_in_in_any_case if not _denied("pump-lab", 0)

test_who_has_no_id_is_out if _denied(null, 99)

test_other_classes_are_not_concerned if {
	count(rule.deny) == 0 with input as {"device_class": "meter", "device_id": "pump-1"}
		with data.canary as {"pump": {"share": 0, "first": []}}
}
