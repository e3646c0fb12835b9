package rules.admin_ports_test

import data.rules.admin_ports as rule

_input := {
	"pep": "bastion",
	"destination": "10.0.0.1:22",
	"assurance": "device_proved",
	"attestation_age_s": null,
}

_denied(changes) if {
	count(rule.deny) > 0 with input as object.union(_input, changes)
		with data.admin_ports as {"ports": ["22"], "peps": ["bastion"], "max_age_s": 300}
}

test_a_port_of_administration_wants_an_attestation_of_the_last_minutes if {
	_denied({})
	_denied({"assurance": "attested", "attestation_age_s": 301})
	_denied({"assurance": "attested", "attestation_age_s": null})
	not _denied({"assurance": "attested", "attestation_age_s": 300})
}

test_other_ports_do_not if {
	not _denied({"destination": "10.0.0.1:8022"})
	not _denied({"destination": "[2001:db8::22]:8080"})
	not _denied({"destination": "host.example.org:80"})
}

test_where_no_port_can_be_told_it_could_be_one if {
	_denied({"destination": null})
	_denied({"destination": "10.0.0.1"})
	_denied({"destination": "2001:db8::80"})
	_denied({"destination": "[2001:db8::80]:22"})
}

test_other_enforcement_points_are_not_concerned if not _denied({"pep": "envoy"})

test_sessions_of_administration_are_short if {
	limits := rule.session_limits with input as _input
		with data.admin_ports as {"ports": ["22"], "peps": ["bastion"], "max_age_s": 300}
	limits == {900}
}
