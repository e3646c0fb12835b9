package rules.attested_writers_test

import data.rules.attested_writers as rule

_input := {
	"http_host": "ledger.example.org",
	"sni": null,
	"http_method": "POST",
	"assurance": "device_proved",
}

_denied(changes) if {
	count(rule.deny) > 0 with input as object.union(_input, changes)
		with data.attested_writers as {"hosts": ["ledger.example.org"], "reading": ["GET", "HEAD"]}
}

test_writing_without_attestation_is_denied if {
	_denied({})
	_denied({"http_method": "PROPFIND"})
}

test_reading_and_attested_writing_are_not if {
	not _denied({"http_method": "GET"})
	not _denied({"assurance": "attested"})
}

test_what_nobody_sees_is_writing if {
	_denied({"http_host": null, "http_method": null, "sni": "ledger.example.org"})
}

test_other_hosts_are_not_concerned if not _denied({"http_host": "readings.example.org"})
