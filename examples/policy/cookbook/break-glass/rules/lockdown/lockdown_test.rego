package rules.lockdown_test

import data.rules.lockdown as rule

_denied(device_site, pep_site) if {
	count(rule.deny) > 0 with input as {"device_site": device_site, "pep_site": pep_site}
		with data.lockdown as {"dock-9": "case 990"}
}

test_a_locked_site_is_denied_whoever_names_it if {
	_denied("dock-9", null)
	_denied("lyon", "dock-9")
	_denied(null, "dock-9")
}

test_other_sites_are_not if {
	not _denied("lyon", "lyon")
	not _denied(null, null)
}
