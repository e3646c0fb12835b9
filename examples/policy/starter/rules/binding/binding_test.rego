package rules.binding_test

import data.rules.binding

_input := {
	"authenticated_by": "device_tls",
	"credential_presented": true,
	"credential_valid": true,
	"inventory_known": true,
	"device_class": "meter",
	"binding": "key",
}

_codes(changes) := codes if {
	codes := {reason.code | some reason in binding.deny} with input as object.union(_input, changes)
		with data.portreeve.classes as {"meter": {"binding": "key"}}
}

test_as_strong_as_required_or_stronger_is_not_denied if {
	_codes({}) == set()
	_codes({"binding": "certificate"}) == set()
}

test_weaker_than_required_is_denied if {
	_codes({"binding": "issuer"}) == {"inventory.cert_not_bound"}
	_codes({"binding": "none"}) == {"inventory.cert_not_bound"}
}

test_a_certificate_whose_time_is_over_is_denied_as_such if {
	_codes({"binding": "ended"}) == {"inventory.superseded_certificate"}
}

test_a_gateways_certificate_need_not_be_the_devices if {
	_codes({"authenticated_by": "gateway_asserted", "binding": "none"}) == set()
}
