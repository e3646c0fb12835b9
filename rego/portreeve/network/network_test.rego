package portreeve.network_test

import data.portreeve.network
import data.portreeve.sample_test as sample

_outside(changes) := {reason.detail.outside |
	reasons := network.reasons with input as object.union(sample.device, changes)
		with data.portreeve.classes as sample.classes
	some reason in reasons
	reason.code == "network.source_not_allowed"
}

test_a_source_within_the_classs_networks_passes if {
	_outside({}) == set()
	_outside({"source_ip": "2001:db8::7"}) == set()
}

test_a_source_outside_is_denied_with_the_list_that_it_is_outside_of if {
	_outside({"source_ip": "11.0.0.1"}) == {"class"}
	_outside({"source_ip": "2001:db9::1"}) == {"class"}
	_outside({"pep_networks": ["172.16.0.0/12"]}) == {"pep"}
	_outside({"device_networks": ["10.9.0.0/16"]}) == {"device"}
}

test_every_list_that_names_networks_counts if {
	_outside({
		"source_ip": "192.0.2.1",
		"pep_networks": ["172.16.0.0/12"],
		"device_networks": ["10.9.0.0/16"],
	}) == {"class, device, pep"}
	_outside({
		"pep_networks": ["10.1.0.0/16"],
		"device_networks": ["10.9.0.0/16", "10.1.2.0/24"],
	}) == set()
}

test_no_source_is_denied_where_there_is_a_list if {
	_outside({"source_ip": null}) == {"class"}
}

test_no_source_passes_where_no_list_names_anything if {
	network.reasons == set() with input as object.union(sample.child, {"source_ip": null})
		with data.portreeve.classes as sample.classes
}

test_a_network_that_cannot_be_read_contains_nothing if {
	_outside({"device_networks": ["everywhere"]}) == {"device"}
}
