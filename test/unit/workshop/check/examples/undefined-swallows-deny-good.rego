# data: { limits: { meter: 5 } }
# reasons: { custom.told: { severity: info, text: It is told., remediation: Nothing. } }
package example

# Null is said.
deny contains {"code": "policy.denied"} if {
	input.crl_age_s != null
	input.crl_age_s > 86400
}

deny contains {"code": "policy.denied"} if input.crl_age_s == null

deny contains {"code": "policy.denied"} if {
	is_string(input.sni)
	startswith(input.sni, "admin.")
}

deny contains {"code": "policy.denied"} if {
	_has_sni
	endswith(input.sni, ".example")
}

_has_sni if input.sni != null

# Null comes before every number, so that it denies.
deny contains {"code": "policy.denied"} if input.remaining_s < 3600

# An absent operand denies under one negation.
deny contains {"code": "policy.denied"} if not input.custom.line.value == "7"

deny contains {"code": "policy.denied"} if not _allowed

_allowed if input.now_s < data.limits[input.pep]

_allowed if startswith(input.http_host, "a.")

# A default is given.
deny contains {"code": "policy.denied"} if object.get(input.custom, ["row", "value"], "") == "7"

# Some rule denies where it is not there.
deny contains {"code": "policy.denied"} if not data.portreeve.classes[input.device_class]

deny contains {"code": "policy.denied"} if data.portreeve.classes[input.device_class].ttl_s > 5

deny contains {"code": "policy.denied"} if not _class

deny contains {"code": "policy.denied"} if _class.ttl_s > 5

_class := data.portreeve.classes[input.device_owner]

# What warns or informs denies nothing anyway.
deny contains {"code": "custom.told"} if input.custom.alarm.value == "yes"

deny contains {"code": "credential.renewal_overdue"} if input.crl_age_s > 3600

# In a comprehension an absent operand leaves out an element.
deny contains {"code": "policy.denied"} if count([1 | input.custom.other.value == "yes"]) == 0

# Data that is there.
deny contains {"code": "policy.denied"} if input.now_s > data.limits.meter

# Null is said of the name, of the field before the function is asked, or by the function.
deny contains {"code": "policy.denied"} if {
	age := input.attestation_age_s
	age != null
	age > 60
}

deny contains {"code": "policy.denied"} if {
	input.lifetime_s != null
	_is_long(input.lifetime_s)
}

_is_long(seconds) if seconds > 86400

deny contains {"code": "policy.denied"} if _is_late(input.certificate_age_s)

_is_late(seconds) if seconds == null

_is_late(seconds) if seconds > 86400

deny contains {"code": "policy.denied"} if _is_new(input.renewal_overdue_remaining_s)

_is_new(null) := true

_is_new(seconds) if seconds > 86400
