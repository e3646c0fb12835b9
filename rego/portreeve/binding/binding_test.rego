package portreeve.binding_test

import data.portreeve.binding
import data.portreeve.sample_test as sample

_order := ["none", "issuer", "key", "certificate"]

_codes(changes, required) := sample.codes(reasons) if {
	reasons := binding.reasons with input as object.union(sample.device, changes)
		with data.portreeve.classes as sample.meter_with({"binding": required})
}

test_a_binding_as_strong_as_the_required_one_or_stronger_passes if {
	enough := {"certificate": ["certificate"], "key": ["key", "certificate"], "issuer": ["issuer", "key", "certificate"]}
	every required, bindings in enough {
		passing := [held | some held in _order; _codes({"binding": held}, required) == set()]
		passing == bindings
	}
}

test_a_weaker_one_is_denied_with_both if {
	reasons := binding.reasons with input as object.union(sample.device, {"binding": "issuer"})
		with data.portreeve.classes as sample.classes
	reasons == {{
		"code": "inventory.cert_not_bound",
		"detail": {"binding": "issuer", "required": "key"},
	}}
}

test_a_binding_that_nobody_knows_is_denied if {
	_codes({"binding": "charm"}, "issuer") == {"inventory.cert_not_bound"}
	_codes({"binding": "certificate"}, "charm") == {"inventory.cert_not_bound"}
}

test_an_invalid_certificate_is_left_to_its_own_reason if {
	_codes({"binding": "none", "credential_valid": false}, "key") == set()
}

test_a_gateways_certificate_is_not_bound_to_the_child if {
	binding.reasons == set() with input as sample.child with data.portreeve.classes as sample.classes
}

test_a_certificate_whose_time_is_over_is_superseded_and_nothing_else if {
	_codes({"binding": "ended"}, "issuer") == {"inventory.superseded_certificate"}
	_codes({"binding": "ended"}, "certificate") == {"inventory.superseded_certificate"}
}
