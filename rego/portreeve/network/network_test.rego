package portreeve.network_test

import data.portreeve.network
import data.portreeve.sample_test as sample

_reasons(changes) := reasons if {
	reasons := network.reasons with input as object.union(sample.device, changes)
}

test_a_source_within_every_list_passes if {
	_reasons({}) == set()
}

test_a_source_outside_is_denied_with_the_lists_that_it_is_outside_of if {
	_reasons({"source_outside": ["class"], "source_ip_outside": "11.0.0.1"}) == {{
		"code": "network.source_not_allowed",
		"detail": {"source_ip": "11.0.0.1", "outside": "class"},
	}}
	_reasons({"source_outside": ["class", "device", "pep"], "source_ip_outside": "11.0.0.1"}) == {{
		"code": "network.source_not_allowed",
		"detail": {"source_ip": "11.0.0.1", "outside": "class, device, pep"},
	}}
}

test_no_source_is_denied_where_there_is_a_list if {
	_reasons({"source_ip": null, "source_outside": ["device"]}) == {{
		"code": "network.source_not_allowed",
		"detail": {"outside": "device"},
	}}
}
