package rules.site_gateways_test

import data.rules.site_gateways as rule

_input := {
	"authenticated_by": "gateway_asserted",
	"device_id": "sensor-1",
	"device_site": "quay",
	"pep_site": null,
	"gateway": "gateway-1",
	"gateway_proved": true,
}

_codes(changes) := codes if {
	codes := {reason.code | some reason in rule.deny} with input as object.union(_input, changes)
		with data.site_gateways as {"quay": ["gateway-1"]}
}

_denied := {"custom.not_by_site_gateway"}

_direct := {"authenticated_by": "device_tls", "gateway": null, "gateway_proved": null}

test_by_the_sites_gateway_is_not_denied if _codes({}) == set()

test_directly_is_denied_but_for_the_gateway_itself if {
	_codes(_direct) == _denied
	_codes(object.union(_direct, {"device_id": "gateway-1"})) == set()
}

test_by_another_gateway_is_denied if _codes({"gateway": "gateway-2"}) == _denied

test_a_gateway_that_is_only_named_is_denied if {
	_codes(object.union(_direct, {"gateway": "gateway-1"})) == _denied
	_codes({"gateway_proved": false}) == _denied
}

test_without_a_site_of_its_own_that_of_the_enforcement_point_counts if {
	_codes(object.union(_direct, {"device_site": null, "pep_site": "quay"})) == _denied
	_codes(object.union(_direct, {"device_site": null})) == set()
}

test_other_sites_are_not_concerned if _codes(object.union(_direct, {"device_site": "lyon"})) == set()
