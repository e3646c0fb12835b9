# data: { limits: { meter: 5 } }
package example

# Null is not above anything.
deny contains {"code": "policy.denied"} if input.crl_age_s > 86400 # finding: undefined-swallows-deny

deny contains {"code": "policy.denied"} if 86400 <= input.crl_age_s # finding: undefined-swallows-deny

# No function takes null.
deny contains {"code": "policy.denied"} if startswith(input.sni, "admin.") # finding: undefined-swallows-deny

deny contains {"code": "policy.denied"} if input.remaining_s - 3600 < 0 # finding: undefined-swallows-deny

# There need not be such a fact.
deny contains {"code": "policy.denied"} if input.custom.line.value == "7" # finding: undefined-swallows-deny

# Nor such a key, nor such data.
deny contains {"code": "policy.denied"} if {
	input.now_s > data.limits[input.pep] # finding: undefined-swallows-deny
}

deny contains {"code": "policy.denied"} if input.now_s > data.thresholds.end # finding: undefined-swallows-deny

deny contains {"code": "policy.denied"} if {
	class := input.pep
	_limit[class] < input.now_s # finding: undefined-swallows-deny
}

_limit := {"a": 5}

deny contains {"code": "policy.denied"} if input.device_tags[0] == "blocked" # finding: undefined-swallows-deny

# Through a rule that has to hold.
deny contains {"code": "policy.denied"} if _stale

_stale if input.crl_age_s > 3600 # finding: undefined-swallows-deny

# Through two negations.
deny contains {"code": "policy.denied"} if not _fine

_fine if not _bad

_bad if input.custom.alarm.value == "yes" # finding: undefined-swallows-deny

# What is told is an operand too.
deny contains {"code": "policy.denied", "detail": {"line": input.custom.row.value}} # finding: undefined-swallows-deny

deny contains {"code": "policy.denied"} if {
	every tag in input.device_tags {
		input.custom.tags.value == tag # finding: undefined-swallows-deny
	}
}

# Through a name for the field: a local one, a rule, an argument of a function.
deny contains {"code": "policy.denied"} if {
	age := input.attestation_age_s
	age > 60 # finding: undefined-swallows-deny
}

deny contains {"code": "policy.denied"} if _age_of_certificate > 60 # finding: undefined-swallows-deny

_age_of_certificate := input.certificate_age_s

deny contains {"code": "policy.denied"} if _is_long(input.lifetime_s)

_is_long(seconds) if seconds > 86400 # finding: undefined-swallows-deny
