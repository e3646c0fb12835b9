package rules.asn_test

import data.rules.asn as rule

_asn := {
	"denied": {"64496": "by the hour"},
	"prefixes": {
		"198": [{"cidr": "198.51.100.0/24", "asn": "64496"}, {"cidr": "198.51.100.128/25", "asn": "64500"}],
		"2001": [{"cidr": "2001:db8:f00::/48", "asn": "64496"}],
	},
}

_codes(source) := codes if {
	codes := {reason.code | some reason in rule.deny} with data.asn as _asn with input as {"source_ip": source}
}

test_an_address_of_a_denied_network_is_denied if {
	_codes("198.51.100.7") == {"custom.asn_denied"}
	_codes("2001:db8:f00::7") == {"custom.asn_denied"}
}

test_the_longest_prefix_says_whose_it_is if _codes("198.51.100.200") == set()

test_other_addresses_are_not_denied if {
	_codes("198.51.101.7") == set()
	_codes("10.20.0.7") == set()
	_codes("2001:db8:e00::7") == set()
	_codes("::1") == set()
}

test_no_address_is_denied if _codes(null) == {"custom.source_unknown"}
