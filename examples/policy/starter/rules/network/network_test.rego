package rules.network_test

import data.rules.network

_codes(outside) := codes if {
	codes := {reason.code | some reason in network.deny} with input as {"source_outside": outside}
}

test_a_source_within_every_list_is_not_denied if _codes([]) == set()

test_a_source_outside_of_any_list_is_denied if {
	_codes(["class"]) == {"network.source_not_allowed"}
	_codes(["device", "pep"]) == {"network.source_not_allowed"}
}
